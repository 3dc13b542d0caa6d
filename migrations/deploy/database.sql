-- Deploy latchkey:database to pg
-- requires: roles
--
-- Who may connect to this database, and the time-outs of each role in it.
-- Run by a superuser, or by this database's owner if it has CREATEROLE. The changes after this one need neither.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- PostgreSQL lets every role of the cluster connect to every database and make temporary tables in it. Here only the
-- roles named below connect, and the application makes no table of any kind.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CREATE, TEMPORARY ON DATABASE %I TO latchkey_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO latchkey_migrator, latchkey_application, latchkey_administrator,'
                   ' latchkey_reader, latchkey_auditor', current_database());
END
$$;

-- Whoever may create in a schema of the search path can put a function in front of another (CVE-2018-1058). Nothing
-- of Latchkey is in public, so nobody needs it.
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Settings of each role in this database. The time-outs are a backstop: clients have deadlines of their own.
DO $$
DECLARE
    v_role    name;
    v_setting text;
    v_value   text;
BEGIN
    FOR v_role, v_setting, v_value IN VALUES
        -- below the responder's own deadline of 1800 ms, so that the server gives up first
        ('latchkey_application'::name,   'statement_timeout',                   '1500ms'),
        ('latchkey_application'::name,   'lock_timeout',                        '1s'),
        ('latchkey_application'::name,   'idle_in_transaction_session_timeout', '5s'),
        -- token_context reads again after it waited for another call: each statement needs a snapshot of its own
        ('latchkey_application'::name,   'default_transaction_isolation',       'read committed'),
        ('latchkey_application'::name,   'search_path',                         'pg_catalog'),
        -- all its look-ups are by key; a plan made while a table was tiny, and kept, would go on reading all of it
        ('latchkey_application'::name,   'enable_seqscan',                      'off'),
        -- where reading all of a table is the only way, that setting makes it look dear enough to compile: 8 ms a poll
        ('latchkey_application'::name,   'jit',                                 'off'),
        ('latchkey_administrator'::name, 'statement_timeout',                   '30s'),
        ('latchkey_administrator'::name, 'lock_timeout',                        '5s'),
        ('latchkey_administrator'::name, 'idle_in_transaction_session_timeout', '60s'),
        ('latchkey_administrator'::name, 'default_transaction_isolation',       'read committed'),
        ('latchkey_administrator'::name, 'search_path',                         'pg_catalog'),
        -- an index build may take hours; a waiting ALTER TABLE, which holds up all behind it, must not
        ('latchkey_migrator'::name,      'statement_timeout',                   '0'),
        ('latchkey_migrator'::name,      'lock_timeout',                        '2s'),
        -- sqitch's own connection is idle in a transaction while psql runs a script
        ('latchkey_migrator'::name,      'idle_in_transaction_session_timeout', '6h')
    LOOP
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %I = %L', v_role, current_database(), v_setting, v_value);
    END LOOP;
END
$$;

COMMIT;
