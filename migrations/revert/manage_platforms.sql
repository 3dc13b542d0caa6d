-- Revert latchkey:manage_platforms from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.create_platform(text, text, text, boolean, boolean, text);
DROP FUNCTION latchkey_admin.set_platform_active(text, text, boolean);

COMMIT;
