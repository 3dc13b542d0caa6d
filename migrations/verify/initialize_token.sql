-- Verify latchkey:initialize_token on pg

BEGIN;

-- It runs as its owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM pg_catalog.pg_proc
 WHERE oid = 'latchkey_api.initialize_token(text, bytea[], uuid, uuid, uuid, text, text)'::regprocedure;

-- It works, and refuses what is not known, whatever is passed.
SELECT 1 / (outcome = 'unknown_secret')::int
  FROM latchkey_api.initialize_token(NULL, NULL, NULL, NULL, NULL, NULL, NULL);

ROLLBACK;
