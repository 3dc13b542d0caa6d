-- Verify latchkey:token_context on pg

BEGIN;

-- It runs as its owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM pg_catalog.pg_proc
 WHERE oid = 'latchkey_api.token_context(text, uuid, bytea[], uuid, uuid, text, text)'::regprocedure;

-- It works, and refuses what is not known, whatever is passed.
SELECT 1 / (outcome = 'unknown_api_key' AND client_app_id IS NULL AND user_id IS NULL)::int
  FROM latchkey_api.token_context(NULL, NULL, NULL, NULL, NULL, NULL, NULL);

ROLLBACK;
