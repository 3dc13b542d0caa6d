-- Verify latchkey:roles on pg

BEGIN;

DO $$
DECLARE
    v_role  name;
    v_login boolean;
    v_found pg_catalog.pg_roles;
BEGIN
    FOR v_role, v_login IN VALUES
        ('latchkey_owner'::name,         false),
        ('latchkey_migrator'::name,      true),
        ('latchkey_application'::name,   true),
        ('latchkey_administrator'::name, true),
        ('latchkey_reader'::name,        false),
        ('latchkey_auditor'::name,       false)
    LOOP
        SELECT * INTO v_found FROM pg_catalog.pg_roles AS r WHERE r.rolname = v_role;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'role % does not exist', v_role;
        ELSIF v_found.rolcanlogin <> v_login THEN
            RAISE EXCEPTION 'role %: LOGIN is %, it should be %', v_role, v_found.rolcanlogin, v_login;
        ELSIF v_found.rolsuper OR v_found.rolcreatedb OR v_found.rolcreaterole
              OR v_found.rolreplication OR v_found.rolbypassrls THEN
            RAISE EXCEPTION 'role % has one of SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS', v_role;
        ELSIF NOT v_found.rolinherit THEN
            RAISE EXCEPTION 'role % has NOINHERIT: it needs what it is a member of', v_role;
        END IF;
    END LOOP;

    IF EXISTS (SELECT
                 FROM pg_catalog.pg_auth_members AS m
                WHERE m.member = 'latchkey_application'::regrole) THEN
        RAISE EXCEPTION 'latchkey_application is a member of another role: it must have no rights but its own';
    END IF;
END
$$;

SELECT 1 / pg_has_role('latchkey_migrator',      'latchkey_owner',   'USAGE')::int;
SELECT 1 / pg_has_role('latchkey_administrator', 'latchkey_reader',  'USAGE')::int;
SELECT 1 / pg_has_role('latchkey_administrator', 'latchkey_auditor', 'USAGE')::int;
SELECT 1 / (NOT pg_has_role('latchkey_administrator', 'latchkey_owner', 'MEMBER'))::int;

ROLLBACK;
