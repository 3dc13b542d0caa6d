-- Deploy latchkey:roles to pg
--
-- The six roles. Roles belong to the cluster, not to the database: one that is there already (from a second Latchkey
-- database in the cluster, or made by you with a password of its own) is kept as it is.
-- Run by a superuser, or by a role with CREATEROLE. Passwords and pg_hba.conf lines are yours to set.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL client_min_messages = warning;  -- not that a role is a member already

DO $$
DECLARE
    v_role    name;
    v_options text;
BEGIN
    FOR v_role, v_options IN VALUES
        ('latchkey_owner'::name,         'NOLOGIN'),
        ('latchkey_migrator'::name,      'LOGIN'),
        ('latchkey_application'::name,   'LOGIN'),
        ('latchkey_administrator'::name, 'LOGIN'),
        ('latchkey_reader'::name,        'NOLOGIN'),
        ('latchkey_auditor'::name,       'NOLOGIN')
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = v_role) THEN
            EXECUTE format('CREATE ROLE %I %s INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS',
                           v_role, v_options);
        END IF;
    END LOOP;
END
$$;

GRANT latchkey_owner   TO latchkey_migrator;
GRANT latchkey_reader  TO latchkey_administrator;
GRANT latchkey_auditor TO latchkey_administrator;

COMMENT ON ROLE latchkey_owner         IS 'Latchkey: owns schemas, tables and functions; nobody logs in as it';
COMMENT ON ROLE latchkey_migrator      IS 'Latchkey: runs migrations, by SET ROLE latchkey_owner';
COMMENT ON ROLE latchkey_application   IS
    'Latchkey: latchkeyd; may execute the functions of latchkey_api, nothing else';
COMMENT ON ROLE latchkey_administrator IS
    'Latchkey: the command latchkey; executes latchkey_admin, reads as reader and auditor';
COMMENT ON ROLE latchkey_reader        IS
    'Latchkey: reads all tables but secret hashes and the audit log; grant it to people';
COMMENT ON ROLE latchkey_auditor       IS 'Latchkey: reads the audit log; grant it to people';

COMMIT;
