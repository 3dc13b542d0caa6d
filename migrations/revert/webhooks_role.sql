-- Revert latchkey:webhooks_role from pg
--
-- Drops the role if nothing depends on it any more. Where another database of the cluster still uses it, or it has been
-- granted to somebody, it is kept, and a notice says so.

BEGIN;

DO $$
DECLARE
    v_members text;
    v_detail  text;
BEGIN
    EXECUTE format('ALTER ROLE latchkey_webhooks IN DATABASE %I RESET ALL', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM latchkey_webhooks', current_database());

    SELECT string_agg(member.rolname, ', ' ORDER BY member.rolname)
      INTO v_members
      FROM pg_catalog.pg_auth_members AS m
      JOIN pg_catalog.pg_roles AS member ON member.oid = m.member
     WHERE m.roleid = 'latchkey_webhooks'::regrole
       AND member.rolname <> current_user;
    IF v_members IS NOT NULL THEN
        RAISE NOTICE 'role latchkey_webhooks is kept: it is granted to %', v_members;
        RETURN;
    END IF;
    DROP ROLE latchkey_webhooks;
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE 'role latchkey_webhooks is kept: %', v_detail;
END
$$;

COMMIT;
