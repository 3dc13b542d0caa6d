-- Revert latchkey:record_link_attempts from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.begin_link_attempt(bytea[], text, uuid, text, integer);
DROP FUNCTION latchkey_api.read_link_attempt(bytea[], text, uuid);
DROP FUNCTION latchkey_api.changed_link_attempts(uuid[], text[]);

COMMIT;
