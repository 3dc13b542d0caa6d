-- Deploy latchkey:schema_version_two to pg
-- requires: schema_version
-- requires: link_grants

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- All that version 1 had is as it was, so a latchkeyd made for it goes on.
CREATE OR REPLACE FUNCTION latchkey_api.schema_version()
RETURNS TABLE (version integer, oldest_supported integer)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 2, 1
$$;

COMMIT;
