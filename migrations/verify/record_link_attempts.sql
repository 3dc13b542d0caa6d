-- Verify latchkey:record_link_attempts on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_api.begin_link_attempt(bytea[], text, uuid, text, integer)',
           'latchkey_api.read_link_attempt(bytea[], text, uuid)',
           'latchkey_api.changed_link_attempts(uuid[], text[])'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

-- They work, and refuse what is not known, whatever is passed.
SELECT 1 / (outcome = 'unknown_session')::int
  FROM latchkey_api.begin_link_attempt(NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (outcome = 'unknown_session')::int
  FROM latchkey_api.read_link_attempt(NULL, NULL, NULL);
SELECT 1 / (count(*) = 0)::int
  FROM latchkey_api.changed_link_attempts(NULL, NULL);

ROLLBACK;
