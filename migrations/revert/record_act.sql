-- Revert latchkey:record_act from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.record_act(text, text, text, jsonb);

COMMIT;
