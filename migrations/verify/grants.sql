-- Verify latchkey:grants on pg

BEGIN;

SELECT 1 / has_function_privilege('latchkey_application', p.oid, 'EXECUTE')::int
  FROM pg_catalog.pg_proc AS p
 WHERE p.pronamespace = 'latchkey_api'::regnamespace;

SELECT 1 / has_function_privilege('latchkey_administrator', p.oid, 'EXECUTE')::int
  FROM pg_catalog.pg_proc AS p
 WHERE p.pronamespace = 'latchkey_admin'::regnamespace;

SELECT 1 / has_schema_privilege('latchkey_application',   'latchkey_api',   'USAGE')::int;
SELECT 1 / has_schema_privilege('latchkey_administrator', 'latchkey_admin', 'USAGE')::int;
SELECT 1 / has_function_privilege('latchkey_administrator', 'latchkey_api.schema_version()', 'EXECUTE')::int;
SELECT 1 / has_table_privilege('latchkey_administrator', 'latchkey.users', 'SELECT')::int;
SELECT 1 / has_table_privilege('latchkey_auditor', 'latchkey.audit_log', 'SELECT')::int;
SELECT 1 / has_column_privilege('latchkey_reader', 'latchkey.secrets', 'hint', 'SELECT')::int;
SELECT 1 / (NOT has_column_privilege('latchkey_administrator', 'latchkey.secrets', 'secret_hash', 'SELECT'))::int;
SELECT 1 / (NOT has_table_privilege('latchkey_reader', 'latchkey.audit_log', 'SELECT'))::int;

-- The application may call latchkey_api and nothing else, and nobody but the owner changes a table.
DO $$
DECLARE
    c_schemas CONSTANT oid[] := ARRAY['latchkey'::regnamespace, 'latchkey_api'::regnamespace,
                                      'latchkey_admin'::regnamespace]::oid[];
    v_mistake text;
BEGIN
    FOR v_mistake IN
        SELECT format('latchkey_application has a right on %s', c.oid::regclass)
          FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace = ANY (c_schemas)
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND (has_table_privilege('latchkey_application', c.oid,
                                    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege('latchkey_application', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
        UNION ALL
        SELECT format('latchkey_application may execute %s', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace IN ('latchkey'::regnamespace, 'latchkey_admin'::regnamespace)
           AND has_function_privilege('latchkey_application', p.oid, 'EXECUTE')
        UNION ALL
        SELECT format('%s may change %s', r.rolname, c.oid::regclass)
          FROM pg_catalog.pg_class AS c
         CROSS JOIN pg_catalog.pg_roles AS r
         WHERE c.relnamespace = ANY (c_schemas)
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND r.rolname IN ('latchkey_administrator', 'latchkey_reader', 'latchkey_auditor')
           AND (has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE, REFERENCES'))
    LOOP
        RAISE EXCEPTION '%', v_mistake;
    END LOOP;
END
$$;

ROLLBACK;
