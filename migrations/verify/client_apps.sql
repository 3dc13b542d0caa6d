-- Verify latchkey:client_apps on pg

BEGIN;

SELECT id, name, organisation_id, webhook_url, created_at, disabled_at, active
  FROM latchkey.client_apps
 WHERE false;

ROLLBACK;
