-- Verify latchkey:prior_year_grants on pg
--
-- What latchkeyd and the administrator's command may call is verified by latchkey:grants, for all of their schemas.

BEGIN;

SELECT 1 / has_function_privilege('latchkey_webhooks', p.oid, 'EXECUTE')::int
  FROM pg_catalog.pg_proc AS p
 WHERE p.pronamespace = 'latchkey_delivery'::regnamespace;

SELECT 1 / has_schema_privilege('latchkey_webhooks', 'latchkey_delivery', 'USAGE')::int;
SELECT 1 / has_schema_privilege('latchkey_webhooks', 'latchkey_api', 'USAGE')::int;
SELECT 1 / has_function_privilege('latchkey_webhooks', 'latchkey_api.schema_version()', 'EXECUTE')::int;
SELECT 1 / has_table_privilege('latchkey_reader', 'latchkey.documents', 'SELECT')::int;
SELECT 1 / has_column_privilege('latchkey_reader', 'latchkey.collectors', 'hint', 'SELECT')::int;
SELECT 1 / (NOT has_column_privilege('latchkey_administrator', 'latchkey.collectors', 'key_hash', 'SELECT'))::int;

-- latchkey-webhooks may call latchkey_delivery and schema_version, and nothing else; nobody else may call that.
DO $$
DECLARE
    v_mistake text;
BEGIN
    FOR v_mistake IN
        SELECT format('latchkey_webhooks has a right on %s', c.oid::regclass)
          FROM pg_catalog.pg_class AS c
         WHERE c.relnamespace IN ('latchkey'::regnamespace, 'latchkey_api'::regnamespace,
                                  'latchkey_admin'::regnamespace)
           AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND (has_table_privilege('latchkey_webhooks', c.oid,
                                    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege('latchkey_webhooks', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
        UNION ALL
        SELECT format('latchkey_webhooks may execute %s', p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace IN ('latchkey'::regnamespace, 'latchkey_api'::regnamespace,
                                  'latchkey_admin'::regnamespace)
           AND p.oid <> 'latchkey_api.schema_version()'::regprocedure
           AND has_function_privilege('latchkey_webhooks', p.oid, 'EXECUTE')
        UNION ALL
        SELECT format('%s may execute %s', r.rolname, p.oid::regprocedure)
          FROM pg_catalog.pg_proc AS p
         CROSS JOIN pg_catalog.pg_roles AS r
         WHERE p.pronamespace = 'latchkey_delivery'::regnamespace
           AND r.rolname IN ('latchkey_application', 'latchkey_administrator', 'latchkey_reader', 'latchkey_auditor')
           AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
    LOOP
        RAISE EXCEPTION '%', v_mistake;
    END LOOP;
END
$$;

ROLLBACK;
