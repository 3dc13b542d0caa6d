-- Verify latchkey:idempotency_keys on pg

BEGIN;

SELECT client_app_id, mode, key, user_id, made_user, created_at
  FROM latchkey.idempotency_keys
 WHERE false;

ROLLBACK;
