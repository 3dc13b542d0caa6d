-- Revert latchkey:deliver_webhooks from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_delivery.claim(integer, integer, integer, interval);
DROP FUNCTION latchkey_delivery.read(uuid[], integer[]);
DROP FUNCTION latchkey_delivery.settle(uuid, integer, text, interval, integer, text, interval);
DROP FUNCTION latchkey_delivery.release(uuid, integer);

COMMIT;
