-- Deploy latchkey:schema_version to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- A release that changes what latchkeyd relies on replaces this function in its last change.
CREATE FUNCTION latchkey_api.schema_version()
RETURNS TABLE (version integer, oldest_supported integer)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 1, 1
$$;

COMMENT ON FUNCTION latchkey_api.schema_version IS
    'The version of this schema, and the oldest that a latchkeyd may have been made for to run on it';

COMMIT;
