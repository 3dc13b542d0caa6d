-- Revert latchkey:prior_year_grants from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

REVOKE ALL ON FUNCTION
    latchkey_api.begin_retrieval, latchkey_api.authorize_upload, latchkey_api.record_file,
    latchkey_api.is_content_referenced, latchkey_api.finish_retrieval, latchkey_api.prior_year,
    latchkey_api.document_content
    FROM latchkey_application;
REVOKE ALL ON FUNCTION
    latchkey_admin.create_collector, latchkey_admin.set_collector_active, latchkey_admin.create_platform,
    latchkey_admin.set_platform_active, latchkey_admin.set_webhook_url, latchkey_admin.add_webhook_secret,
    latchkey_admin.replay_delivery, latchkey_admin.create_test_delivery, latchkey_admin.erase_user_data,
    latchkey_admin.unreferenced_contents, latchkey_admin.abandon_retrievals, latchkey_admin.remove_retrievals,
    latchkey_admin.remove_deliveries, latchkey_admin.remove_expired, latchkey_admin.drop_audit_partitions
    FROM latchkey_administrator;
REVOKE ALL ON TABLE
    latchkey.platforms, latchkey.collectors, latchkey.retrievals, latchkey.retrieval_files, latchkey.documents,
    latchkey.platform_links, latchkey.webhook_deliveries, latchkey.webhook_endpoints, latchkey.webhook_secrets
    FROM latchkey_reader;
REVOKE ALL (id, name, hint, created_at, disabled_at, active) ON latchkey.collectors FROM latchkey_reader;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA latchkey_api, latchkey_delivery FROM latchkey_webhooks;
REVOKE ALL ON SCHEMA latchkey_api, latchkey_delivery FROM latchkey_webhooks;

COMMIT;
