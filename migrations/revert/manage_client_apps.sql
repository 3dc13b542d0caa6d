-- Revert latchkey:manage_client_apps from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.create_client_app(text, uuid, text, text, text, uuid, boolean, uuid, bytea, text);
DROP FUNCTION latchkey_admin.set_client_app_active(text, uuid, boolean);
DROP FUNCTION latchkey_admin.regenerate_secret(text, uuid, uuid, bytea, text, interval);

COMMIT;
