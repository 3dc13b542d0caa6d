-- Verify latchkey:schema_version_two on pg

BEGIN;

SELECT 1 / (version >= 2)::int
  FROM latchkey_api.schema_version();

ROLLBACK;
