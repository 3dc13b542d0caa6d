-- Revert latchkey:initialize_token from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.initialize_token(text, bytea[], uuid, uuid, uuid, text, text);

COMMIT;
