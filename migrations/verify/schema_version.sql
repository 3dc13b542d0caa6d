-- Verify latchkey:schema_version on pg

BEGIN;

SELECT 1 / (version >= 1 AND oldest_supported BETWEEN 1 AND version)::int
  FROM latchkey_api.schema_version();

ROLLBACK;
