-- Verify latchkey:revoked_tokens on pg

BEGIN;

SELECT token_id, client_app_id, expires_at, revoked_at, reason
  FROM latchkey.revoked_tokens
 WHERE false;

ROLLBACK;
