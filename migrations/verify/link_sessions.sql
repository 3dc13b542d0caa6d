-- Verify latchkey:link_sessions on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_api.link_page(uuid)',
           'latchkey_api.open_link(uuid, uuid, uuid, text, timestamptz, text, text, bytea)',
           'latchkey_api.link_platforms(bytea[], text, text, text, text, integer)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

-- They work, and refuse what is not known, whatever is passed.
SELECT 1 / (count(*) = 0)::int
  FROM latchkey_api.link_page(NULL);
SELECT 1 / (outcome = 'invalid_token')::int
  FROM latchkey_api.open_link(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT 1 / (outcome = 'unknown_session')::int
  FROM latchkey_api.link_platforms(NULL, NULL, NULL, NULL, NULL, NULL);

ROLLBACK;
