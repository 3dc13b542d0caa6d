-- Revert latchkey:retention from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.abandon_retrievals(interval, integer);
DROP FUNCTION latchkey_admin.remove_retrievals(interval, integer);
DROP FUNCTION latchkey_admin.remove_deliveries(interval, integer);
DROP FUNCTION latchkey_admin.remove_expired(integer);
DROP FUNCTION latchkey_admin.drop_audit_partitions(text, integer);

COMMIT;
