-- Revert latchkey:manage_collectors from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.create_collector(text, uuid, text, bytea, text);
DROP FUNCTION latchkey_admin.set_collector_active(text, uuid, boolean);

COMMIT;
