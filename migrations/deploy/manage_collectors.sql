-- Deploy latchkey:manage_collectors to pg
-- requires: collectors
-- requires: record_act

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.create_collector(
    p_actor    text,
    p_id       uuid,
    p_name     text,
    p_key_hash bytea,
    p_hint     text
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO latchkey.collectors (id, name, key_hash, hint)
    VALUES (p_id, p_name, p_key_hash, p_hint);

    PERFORM latchkey_admin.record_act(
        p_actor, 'collector.create', 'collector:' || p_id, jsonb_build_object('name', p_name));
END
$$;

COMMENT ON FUNCTION latchkey_admin.create_collector IS
    'Makes a collector with its key; an id that is there already is unique_violation';

CREATE FUNCTION latchkey_admin.set_collector_active(p_actor text, p_id uuid, p_active boolean)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_active IS NULL THEN
        RAISE EXCEPTION 'p_active must be true or false' USING ERRCODE = 'null_value_not_allowed';
    END IF;

    UPDATE latchkey.collectors AS c
       SET disabled_at = CASE WHEN NOT p_active THEN now() END
     WHERE c.id = p_id
       AND c.active <> p_active;

    IF FOUND THEN
        PERFORM latchkey_admin.record_act(
            p_actor, CASE WHEN p_active THEN 'collector.enable' ELSE 'collector.disable' END,
            'collector:' || p_id, NULL);
        RETURN true;
    END IF;

    RETURN EXISTS (SELECT FROM latchkey.collectors AS c WHERE c.id = p_id);
END
$$;

COMMENT ON FUNCTION latchkey_admin.set_collector_active IS
    'Enables or disables a collector; false: there is none; one that is so already is left alone, unrecorded';

COMMIT;
