-- Verify latchkey:client_app_origins on pg

BEGIN;

SELECT client_app_id, origin, created_at
  FROM latchkey.client_app_origins
 WHERE false;

ROLLBACK;
