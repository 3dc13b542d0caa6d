-- Verify latchkey:collectors on pg

BEGIN;

SELECT id, name, key_hash, hint, created_at, disabled_at, active
  FROM latchkey.collectors
 WHERE false;

ROLLBACK;
