-- Verify latchkey:record_retrievals on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_api.finish_retrieval(bytea[], text, uuid, text, text, uuid)',
           'latchkey_api.is_content_referenced(bytea)',
           'latchkey_api.record_file(bytea[], text, uuid, uuid, text, text, bigint, bytea, integer, bigint)',
           'latchkey_api.authorize_upload(bytea[], text, uuid, text, bigint, integer, bigint)',
           'latchkey_api.begin_retrieval(bytea[], text, uuid, uuid, uuid, text, integer, text, uuid, uuid)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

-- They work, and refuse what is not known, whatever is passed.
SELECT 1 / (outcome = 'unknown_collector')::int
  FROM latchkey_api.begin_retrieval(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (outcome = 'unknown_collector')::int
  FROM latchkey_api.authorize_upload(NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (outcome = 'unknown_collector')::int
  FROM latchkey_api.record_file(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (outcome = 'unknown_collector')::int
  FROM latchkey_api.finish_retrieval(NULL, NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (NOT latchkey_api.is_content_referenced(NULL))::int;

ROLLBACK;
