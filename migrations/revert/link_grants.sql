-- Revert latchkey:link_grants from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

REVOKE ALL ON FUNCTION
    latchkey_api.initialize_token, latchkey_api.link_page, latchkey_api.open_link, latchkey_api.link_platforms,
    latchkey_api.begin_link_attempt, latchkey_api.read_link_attempt, latchkey_api.changed_link_attempts
    FROM latchkey_application;
REVOKE ALL ON FUNCTION latchkey_admin.add_origin, latchkey_admin.remove_origin FROM latchkey_administrator;
REVOKE ALL ON TABLE latchkey.client_app_origins, latchkey.link_tokens, latchkey.link_attempts FROM latchkey_reader;
REVOKE ALL (id, number, client_app_id, user_id, mode, webhook_url, created_at, expires_at, opened_at,
            session_expires_at, origin, metadata) ON latchkey.link_tokens FROM latchkey_reader;

COMMIT;
