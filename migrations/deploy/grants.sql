-- Deploy latchkey:grants to pg
-- requires: maintain
-- requires: token_context
-- requires: verifier_snapshot
-- requires: manage_client_apps
-- requires: revoke_and_erase
-- requires: schema_version
--
-- Every right that a role other than the owner has, in one place.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- latchkeyd. Its functions run as the owner; it can touch no table itself.
GRANT USAGE   ON SCHEMA   latchkey_api                   TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.schema_version    TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.token_context     TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.verifier_version  TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.verifier_snapshot TO latchkey_application;

-- The administrator's command. It reads through latchkey_reader and latchkey_auditor.
GRANT USAGE   ON SCHEMA   latchkey_admin                       TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.create_client_app     TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.set_client_app_active TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.regenerate_secret     TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.revoke_token          TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.erase_user            TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.record_act            TO latchkey_administrator;
GRANT USAGE   ON SCHEMA   latchkey_api                         TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_api.schema_version          TO latchkey_administrator;

-- People who may look: everything but secret hashes and the audit log.
GRANT USAGE  ON SCHEMA latchkey           TO latchkey_reader;
GRANT SELECT ON latchkey.client_apps      TO latchkey_reader;
GRANT SELECT ON latchkey.credentials      TO latchkey_reader;
GRANT SELECT ON latchkey.users            TO latchkey_reader;
GRANT SELECT ON latchkey.idempotency_keys TO latchkey_reader;
GRANT SELECT ON latchkey.revoked_tokens   TO latchkey_reader;
GRANT SELECT ON latchkey.verifier_version TO latchkey_reader;
GRANT SELECT (id, api_key, hint, created_at, expires_at)
             ON latchkey.secrets          TO latchkey_reader;

-- People who watch the administrators.
GRANT USAGE  ON SCHEMA latchkey    TO latchkey_auditor;
GRANT SELECT ON latchkey.audit_log TO latchkey_auditor;

COMMIT;
