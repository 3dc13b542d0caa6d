-- Revert latchkey:verifier_version from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey.bump_verifier_version();
DROP TABLE latchkey.verifier_version;

COMMIT;
