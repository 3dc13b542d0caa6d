-- Revert latchkey:manage_webhooks from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_admin.set_webhook_url(text, uuid, text);
DROP FUNCTION latchkey_admin.add_webhook_secret(text, uuid, uuid, text, interval);
DROP FUNCTION latchkey_admin.replay_delivery(text, uuid);
DROP FUNCTION latchkey_admin.create_test_delivery(text, uuid, uuid);

COMMIT;
