-- Revert latchkey:token_context from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.token_context(text, uuid, bytea[], uuid, uuid, text, text);

COMMIT;
