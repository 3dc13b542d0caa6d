-- Revert latchkey:maintain from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey.maintain(integer);

COMMIT;
