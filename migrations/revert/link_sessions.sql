-- Revert latchkey:link_sessions from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.link_platforms(bytea[], text, text, text, text, integer);
DROP FUNCTION latchkey.authenticate_link_session(bytea[], text);
DROP FUNCTION latchkey_api.open_link(uuid, uuid, uuid, text, timestamptz, text, text, bytea);
DROP FUNCTION latchkey_api.link_page(uuid);

COMMIT;
