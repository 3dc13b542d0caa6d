-- Deploy latchkey:webhooks_role to pg
-- requires: database
--
-- The role that latchkey-webhooks logs in as, its right to connect, its time-outs. One that is there already is kept.
-- Run by a superuser, or by this database's owner if it has CREATEROLE. The changes after this one need neither.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'latchkey_webhooks') THEN
        CREATE ROLE latchkey_webhooks
            LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    END IF;
END
$$;

COMMENT ON ROLE latchkey_webhooks IS
    'Latchkey: latchkey-webhooks; may execute the functions of latchkey_delivery, nothing else';

DO $$
DECLARE
    v_setting text;
    v_value   text;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO latchkey_webhooks', current_database());

    FOR v_setting, v_value IN VALUES
        -- nobody waits for its answers: more than latchkeyd has, and a backstop all the same
        ('statement_timeout',                   '5s'),
        ('lock_timeout',                        '2s'),
        -- an instance that is stopped in the midst of a claim holds up the others no longer than this
        ('idle_in_transaction_session_timeout', '5s'),
        -- claim reads again after it waited for another: each statement needs a snapshot of its own
        ('default_transaction_isolation',       'read committed'),
        ('search_path',                         'pg_catalog'),
        -- all its look-ups are by key; a plan made while a table was tiny, and kept, would go on reading all of it
        ('enable_seqscan',                      'off'),
        ('jit',                                 'off')
    LOOP
        EXECUTE format('ALTER ROLE latchkey_webhooks IN DATABASE %I SET %I = %L',
                       current_database(), v_setting, v_value);
    END LOOP;
END
$$;

COMMIT;
