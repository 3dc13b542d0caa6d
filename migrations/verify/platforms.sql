-- Verify latchkey:platforms on pg

BEGIN;

SELECT id, name, production, sandbox, connector_url, created_at, disabled_at, active
  FROM latchkey.platforms
 WHERE false;

-- A page of the catalogue is read from one place of an index on.
SELECT 1 / (pg_get_indexdef('latchkey.platforms_in_order'::regclass) LIKE '%(lower(name), name, id) WHERE active')::int;

SELECT 1 / count(*)
  FROM latchkey.platforms
 WHERE id = 'first-sandbox-bank';

ROLLBACK;
