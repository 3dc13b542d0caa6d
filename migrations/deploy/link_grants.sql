-- Deploy latchkey:link_grants to pg
-- requires: prior_year_grants
-- requires: manage_origins
-- requires: initialize_token
-- requires: link_sessions
-- requires: record_link_attempts
--
-- Every right on these objects that a role other than the owner has, in one place.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- latchkeyd.
GRANT EXECUTE ON FUNCTION latchkey_api.initialize_token      TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.link_page             TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.open_link             TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.link_platforms        TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.begin_link_attempt    TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.read_link_attempt     TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.changed_link_attempts TO latchkey_application;

-- The administrator's command.
GRANT EXECUTE ON FUNCTION latchkey_admin.add_origin    TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.remove_origin TO latchkey_administrator;

-- People who may look: everything but the hashes of session keys.
GRANT SELECT ON latchkey.client_app_origins TO latchkey_reader;
GRANT SELECT ON latchkey.link_attempts      TO latchkey_reader;
GRANT SELECT (id, number, client_app_id, user_id, mode, webhook_url, created_at, expires_at, opened_at,
              session_expires_at, origin, metadata)
             ON latchkey.link_tokens        TO latchkey_reader;

COMMIT;
