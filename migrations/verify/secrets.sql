-- Verify latchkey:secrets on pg

BEGIN;

SELECT id, api_key, secret_hash, hint, created_at, expires_at
  FROM latchkey.secrets
 WHERE false;

-- Uniqueness and look-up in one.
SELECT 'latchkey.secrets_secret_hash_key'::regclass;

ROLLBACK;
