-- Revert latchkey:idempotency_keys from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP TABLE latchkey.idempotency_keys;

COMMIT;
