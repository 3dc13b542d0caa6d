-- Revert latchkey:verifier_snapshot from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.verifier_snapshot();
DROP FUNCTION latchkey_api.verifier_version();

COMMIT;
