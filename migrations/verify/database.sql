-- Verify latchkey:database on pg

BEGIN;

-- What everybody may do: nothing.
SELECT 1 / (NOT has_database_privilege('public', current_database(), 'CONNECT, TEMPORARY, CREATE'))::int;
SELECT 1 / (NOT has_schema_privilege('public', 'public', 'USAGE, CREATE'))::int;

-- What the roles may do.
SELECT 1 / has_database_privilege('latchkey_owner',             current_database(), 'CREATE')::int;
SELECT 1 / has_database_privilege('latchkey_migrator',          current_database(), 'CONNECT')::int;
SELECT 1 / has_database_privilege('latchkey_application',       current_database(), 'CONNECT')::int;
SELECT 1 / has_database_privilege('latchkey_administrator',     current_database(), 'CONNECT')::int;
SELECT 1 / has_database_privilege('latchkey_reader',            current_database(), 'CONNECT')::int;
SELECT 1 / has_database_privilege('latchkey_auditor',           current_database(), 'CONNECT')::int;
SELECT 1 / (NOT has_database_privilege('latchkey_application',  current_database(), 'CREATE, TEMPORARY'))::int;

-- Their time-outs. The values may be tuned; that there are none is a mistake.
DO $$
DECLARE
    v_role    name;
    v_setting text;
BEGIN
    FOR v_role, v_setting IN
        SELECT r.role, s.setting
          FROM unnest(ARRAY['latchkey_application', 'latchkey_administrator', 'latchkey_migrator']::name[]) AS r (role)
         CROSS JOIN unnest(ARRAY['statement_timeout', 'lock_timeout',
                                 'idle_in_transaction_session_timeout']) AS s (setting)
    LOOP
        IF NOT EXISTS (SELECT
                         FROM pg_catalog.pg_db_role_setting AS d
                        CROSS JOIN unnest(d.setconfig) AS c (line)
                        WHERE d.setrole = v_role::text::regrole
                          AND d.setdatabase = (SELECT b.oid
                                                 FROM pg_catalog.pg_database AS b
                                                WHERE b.datname = current_database())
                          AND c.line LIKE v_setting || '=%') THEN
            RAISE EXCEPTION 'role % has no % in this database', v_role, v_setting;
        END IF;
    END LOOP;
END
$$;

ROLLBACK;
