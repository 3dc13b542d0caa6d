-- Revert latchkey:schema_version_two from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

-- The first to go when this release is reverted, so it is refused here, before anything is gone, where rows would go.
DO $$
DECLARE
    v_table text;
    v_found boolean;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['collectors', 'retrievals', 'documents', 'platform_links', 'webhook_deliveries',
                                   'webhook_secrets', 'client_app_origins', 'link_tokens'] LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM latchkey.%I)', v_table) INTO v_found;
        IF v_found AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
            RAISE EXCEPTION 'latchkey.% holds rows, which only a latchkeyd of this version knows', v_table
                USING HINT = 'To throw them away, take a backup, then revert with '
                             'PGOPTIONS=''-c latchkey.discard_data=on''.';
        END IF;
    END LOOP;
END
$$;

-- As latchkey:schema_version made it.
CREATE OR REPLACE FUNCTION latchkey_api.schema_version()
RETURNS TABLE (version integer, oldest_supported integer)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 1, 1
$$;

COMMIT;
