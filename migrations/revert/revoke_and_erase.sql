-- Revert latchkey:revoke_and_erase from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.revoke_token(text, text, uuid, timestamptz, text);
DROP FUNCTION latchkey_admin.erase_user(text, uuid, uuid);

COMMIT;
