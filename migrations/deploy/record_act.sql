-- Deploy latchkey:record_act to pg
-- requires: audit_log

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.record_act(p_actor text, p_act text, p_object text, p_detail jsonb)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO latchkey.audit_log (actor, act, object, detail)
    VALUES (p_actor, p_act, p_object, COALESCE(p_detail, '{}'));
END
$$;

COMMENT ON FUNCTION latchkey_admin.record_act IS
    'Appends to the audit log; called by the functions of this schema, and for acts outside the database';

COMMIT;
