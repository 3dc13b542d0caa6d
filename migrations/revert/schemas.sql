-- Revert latchkey:schemas from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP TYPE latchkey.mode;

DROP SCHEMA latchkey_admin;
DROP SCHEMA latchkey_api;
DROP SCHEMA latchkey;

ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

COMMIT;
