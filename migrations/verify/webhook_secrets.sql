-- Verify latchkey:webhook_secrets on pg

BEGIN;

SELECT client_app_id, id, kid, created_at, expires_at
  FROM latchkey.webhook_secrets
 WHERE false;

ROLLBACK;
