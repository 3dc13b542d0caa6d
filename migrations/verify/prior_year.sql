-- Verify latchkey:prior_year on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_api.prior_year(uuid, uuid, integer, integer, integer, text, text, integer, integer, text, text)',
           'latchkey_api.document_content(uuid, uuid, uuid, text)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

-- They work, whatever is passed.
SELECT 1 / (count(*) = 0)::int
  FROM latchkey_api.prior_year(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (count(*) = 0)::int
  FROM latchkey_api.document_content(NULL, NULL, NULL, NULL);

ROLLBACK;
