-- Revert latchkey:roles from pg
--
-- Drops each role that nothing depends on any more. A role that another database of the cluster still uses, or that
-- has been granted to somebody, is kept, and a notice says so.

BEGIN;

DO $$
DECLARE
    c_roles CONSTANT name[] := ARRAY['latchkey_administrator', 'latchkey_migrator', 'latchkey_application',
                                     'latchkey_reader', 'latchkey_auditor', 'latchkey_owner'];
    v_role    name;
    v_members text;
    v_detail  text;
BEGIN
    FOREACH v_role IN ARRAY c_roles LOOP
        SELECT string_agg(member.rolname, ', ' ORDER BY member.rolname)
          INTO v_members
          FROM pg_catalog.pg_auth_members AS m
          JOIN pg_catalog.pg_roles AS granted ON granted.oid = m.roleid
          JOIN pg_catalog.pg_roles AS member  ON member.oid = m.member
         WHERE granted.rolname = v_role
           AND member.rolname <> ALL (c_roles)
           AND member.rolname <> current_user;
        IF v_members IS NOT NULL THEN
            RAISE NOTICE 'role % is kept: it is granted to %', v_role, v_members;
        ELSE
            BEGIN
                EXECUTE format('DROP ROLE IF EXISTS %I', v_role);
            EXCEPTION WHEN dependent_objects_still_exist THEN
                GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
                RAISE NOTICE 'role % is kept: %', v_role, v_detail;
            END;
        END IF;
    END LOOP;
END
$$;

COMMIT;
