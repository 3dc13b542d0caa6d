-- Revert latchkey:database from pg
--
-- Gives the database back the rights that PostgreSQL 15 gives a new one.

BEGIN;

DO $$
DECLARE
    v_role name;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['latchkey_application', 'latchkey_administrator', 'latchkey_migrator'] LOOP
        EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET ALL', v_role, current_database());
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM latchkey_owner, latchkey_migrator, latchkey_application,'
                   ' latchkey_administrator, latchkey_reader, latchkey_auditor', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;

GRANT USAGE ON SCHEMA public TO PUBLIC;

COMMIT;
