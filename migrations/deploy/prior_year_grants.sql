-- Deploy latchkey:prior_year_grants to pg
-- requires: grants
-- requires: record_retrievals
-- requires: prior_year
-- requires: deliver_webhooks
-- requires: manage_collectors
-- requires: manage_platforms
-- requires: manage_webhooks
-- requires: erase_user_data
-- requires: retention
--
-- Every right on these objects that a role other than the owner has, in one place.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- latchkeyd.
GRANT EXECUTE ON FUNCTION latchkey_api.begin_retrieval       TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.authorize_upload      TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.record_file           TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.is_content_referenced TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.finish_retrieval      TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.prior_year            TO latchkey_application;
GRANT EXECUTE ON FUNCTION latchkey_api.document_content      TO latchkey_application;

-- latchkey-webhooks. Its functions run as the owner; it can touch no table itself.
GRANT USAGE   ON SCHEMA   latchkey_delivery           TO latchkey_webhooks;
GRANT EXECUTE ON FUNCTION latchkey_delivery.claim     TO latchkey_webhooks;
GRANT EXECUTE ON FUNCTION latchkey_delivery.read      TO latchkey_webhooks;
GRANT EXECUTE ON FUNCTION latchkey_delivery.settle    TO latchkey_webhooks;
GRANT EXECUTE ON FUNCTION latchkey_delivery.release   TO latchkey_webhooks;
GRANT USAGE   ON SCHEMA   latchkey_api                TO latchkey_webhooks;
GRANT EXECUTE ON FUNCTION latchkey_api.schema_version TO latchkey_webhooks;

-- The administrator's command.
GRANT EXECUTE ON FUNCTION latchkey_admin.create_collector      TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.set_collector_active  TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.create_platform       TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.set_platform_active   TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.set_webhook_url       TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.add_webhook_secret    TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.replay_delivery       TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.create_test_delivery  TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.erase_user_data       TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.unreferenced_contents TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.abandon_retrievals    TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.remove_retrievals     TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.remove_deliveries     TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.remove_expired        TO latchkey_administrator;
GRANT EXECUTE ON FUNCTION latchkey_admin.drop_audit_partitions TO latchkey_administrator;

-- People who may look: everything but the hashes of collectors' keys.
GRANT SELECT ON latchkey.platforms          TO latchkey_reader;
GRANT SELECT ON latchkey.retrievals         TO latchkey_reader;
GRANT SELECT ON latchkey.retrieval_files    TO latchkey_reader;
GRANT SELECT ON latchkey.documents          TO latchkey_reader;
GRANT SELECT ON latchkey.platform_links     TO latchkey_reader;
GRANT SELECT ON latchkey.webhook_deliveries TO latchkey_reader;
GRANT SELECT ON latchkey.webhook_endpoints  TO latchkey_reader;
GRANT SELECT ON latchkey.webhook_secrets    TO latchkey_reader;
GRANT SELECT (id, name, hint, created_at, disabled_at, active)
             ON latchkey.collectors         TO latchkey_reader;

COMMIT;
