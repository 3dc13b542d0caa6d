-- Verify latchkey:webhooks_role on pg

BEGIN;

DO $$
DECLARE
    v_found   pg_catalog.pg_roles;
    v_setting text;
BEGIN
    SELECT * INTO v_found FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'latchkey_webhooks';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role latchkey_webhooks does not exist';
    ELSIF NOT v_found.rolcanlogin THEN
        RAISE EXCEPTION 'role latchkey_webhooks: LOGIN is false, it should be true';
    ELSIF v_found.rolsuper OR v_found.rolcreatedb OR v_found.rolcreaterole
          OR v_found.rolreplication OR v_found.rolbypassrls THEN
        RAISE EXCEPTION 'role latchkey_webhooks has one of SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS';
    END IF;

    IF EXISTS (SELECT
                 FROM pg_catalog.pg_auth_members AS m
                WHERE m.member = 'latchkey_webhooks'::regrole) THEN
        RAISE EXCEPTION 'latchkey_webhooks is a member of another role: it must have no rights but its own';
    END IF;

    -- The values may be tuned; that there are none is a mistake.
    FOREACH v_setting IN ARRAY ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'] LOOP
        IF NOT EXISTS (SELECT
                         FROM pg_catalog.pg_db_role_setting AS d
                        CROSS JOIN unnest(d.setconfig) AS c (line)
                        WHERE d.setrole = 'latchkey_webhooks'::regrole
                          AND d.setdatabase = (SELECT b.oid
                                                 FROM pg_catalog.pg_database AS b
                                                WHERE b.datname = current_database())
                          AND c.line LIKE v_setting || '=%') THEN
            RAISE EXCEPTION 'role latchkey_webhooks has no % in this database', v_setting;
        END IF;
    END LOOP;
END
$$;

SELECT 1 / has_database_privilege('latchkey_webhooks', current_database(), 'CONNECT')::int;
SELECT 1 / (NOT has_database_privilege('latchkey_webhooks', current_database(), 'CREATE, TEMPORARY'))::int;

ROLLBACK;
