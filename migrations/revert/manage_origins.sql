-- Revert latchkey:manage_origins from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.add_origin(text, uuid, text);
DROP FUNCTION latchkey_admin.remove_origin(text, uuid, text);

COMMIT;
