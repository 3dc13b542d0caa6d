-- Verify latchkey:credentials on pg

BEGIN;

SELECT api_key, client_app_id, sandbox_only, created_at
  FROM latchkey.credentials
 WHERE false;

ROLLBACK;
