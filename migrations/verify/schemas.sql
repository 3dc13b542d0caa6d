-- Verify latchkey:schemas on pg

BEGIN;

SELECT 1 / has_schema_privilege('latchkey_owner', 'latchkey',       'CREATE')::int;
SELECT 1 / has_schema_privilege('latchkey_owner', 'latchkey_api',   'CREATE')::int;
SELECT 1 / has_schema_privilege('latchkey_owner', 'latchkey_admin', 'CREATE')::int;
SELECT 1 / (enum_range(NULL::latchkey.mode)::text = '{production,sandbox}')::int;

-- The rules of the house, for all that is in the three schemas when this runs.
DO $$
DECLARE
    c_schemas CONSTANT oid[] := ARRAY['latchkey'::regnamespace, 'latchkey_api'::regnamespace,
                                      'latchkey_admin'::regnamespace]::oid[];
    v_mistake text;
BEGIN
    FOR v_mistake IN
        SELECT format('column %s.%s has no comment', a.attrelid::regclass, a.attname)
          FROM pg_catalog.pg_attribute AS a
          JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
         WHERE c.relnamespace = ANY (c_schemas)
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND NOT c.relispartition
           AND a.attnum > 0
           AND NOT a.attisdropped
           AND col_description(a.attrelid, a.attnum) IS NULL
        UNION ALL
        SELECT format('table %s has no comment', c.oid::regclass)
          FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace = ANY (c_schemas)
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND obj_description(c.oid, 'pg_class') IS NULL
        UNION ALL
        SELECT format('function %s has no comment', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = ANY (c_schemas)
           AND obj_description(p.oid, 'pg_proc') IS NULL
        UNION ALL
        SELECT format('constraint %s of %s does not begin with its table''s name', o.conname, o.conrelid::regclass)
          FROM pg_catalog.pg_constraint AS o
          JOIN pg_catalog.pg_class AS c ON c.oid = o.conrelid
         WHERE o.connamespace = ANY (c_schemas)
           AND NOT c.relispartition
           AND NOT starts_with(o.conname, c.relname || '_')
        UNION ALL
        SELECT format('text column %s.%s has no check of its length or form', a.attrelid::regclass, a.attname)
          FROM pg_catalog.pg_attribute AS a
          JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
         WHERE c.relnamespace = ANY (c_schemas)
           AND c.relkind IN ('r', 'p')
           AND NOT c.relispartition
           AND a.attnum > 0
           AND NOT a.attisdropped
           AND a.atttypid IN ('text'::regtype, 'bytea'::regtype, 'jsonb'::regtype)
           AND NOT EXISTS (SELECT
                             FROM pg_catalog.pg_constraint AS o
                            WHERE o.conrelid = a.attrelid AND o.contype = 'c' AND a.attnum = ANY (o.conkey))
        UNION ALL
        SELECT format('%s is owned by %s, not by latchkey_owner', c.oid::regclass, c.relowner::regrole)
          FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace = ANY (c_schemas)
           AND c.relowner <> 'latchkey_owner'::regrole
        UNION ALL
        SELECT format('%s is owned by %s, not by latchkey_owner', p.oid::regprocedure, p.proowner::regrole)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = ANY (c_schemas)
           AND p.proowner <> 'latchkey_owner'::regrole
        UNION ALL
        SELECT format('function %s does not set search_path', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = ANY (c_schemas)
           AND NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
        UNION ALL
        SELECT format('everybody may execute %s', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = ANY (c_schemas)
           AND has_function_privilege('public', p.oid, 'EXECUTE')
    LOOP
        RAISE EXCEPTION '%', v_mistake;
    END LOOP;
END
$$;

ROLLBACK;
