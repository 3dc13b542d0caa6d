-- Revert latchkey:delivery_schema from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP SCHEMA latchkey_delivery;

COMMIT;
