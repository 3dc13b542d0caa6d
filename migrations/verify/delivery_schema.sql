-- Verify latchkey:delivery_schema on pg

BEGIN;

SELECT 1 / has_schema_privilege('latchkey_owner', 'latchkey_delivery', 'CREATE')::int;

-- The rules of the house, for all that is in the schema when this runs: functions, and nothing else.
DO $$
DECLARE
    v_mistake text;
BEGIN
    FOR v_mistake IN
        SELECT format('%s is not a function: it belongs into another schema', c.oid::regclass)
          FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace = 'latchkey_delivery'::regnamespace
        UNION ALL
        SELECT format('function %s has no comment', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'latchkey_delivery'::regnamespace
           AND obj_description(p.oid, 'pg_proc') IS NULL
        UNION ALL
        SELECT format('%s is owned by %s, not by latchkey_owner', p.oid::regprocedure, p.proowner::regrole)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'latchkey_delivery'::regnamespace
           AND p.proowner <> 'latchkey_owner'::regrole
        UNION ALL
        SELECT format('function %s does not set search_path', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'latchkey_delivery'::regnamespace
           AND NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
        UNION ALL
        SELECT format('everybody may execute %s', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'latchkey_delivery'::regnamespace
           AND has_function_privilege('public', p.oid, 'EXECUTE')
    LOOP
        RAISE EXCEPTION '%', v_mistake;
    END LOOP;
END
$$;

ROLLBACK;
