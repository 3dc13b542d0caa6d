-- Verify latchkey:platforms on pg

BEGIN;

SELECT id, name, production, sandbox, connector_url, created_at, disabled_at, active
  FROM latchkey.platforms
 WHERE false;

SELECT 1 / count(*)
  FROM latchkey.platforms
 WHERE id = 'first-sandbox-bank';

ROLLBACK;
