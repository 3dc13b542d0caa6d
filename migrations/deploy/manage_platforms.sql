-- Deploy latchkey:manage_platforms to pg
-- requires: platforms
-- requires: record_act

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.create_platform(
    p_actor         text,
    p_id            text,
    p_name          text,
    p_production    boolean,
    p_sandbox       boolean,
    p_connector_url text     -- NULL: none
)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO latchkey.platforms (id, name, production, sandbox, connector_url)
    VALUES (p_id, p_name, p_production, p_sandbox, p_connector_url)
    ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM latchkey_admin.record_act(
        p_actor, 'platform.create', 'platform:' || p_id,
        jsonb_build_object('name', p_name, 'production', p_production, 'sandbox', p_sandbox,
                           'connector_url', p_connector_url));
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.create_platform IS
    'Adds a platform to the catalogue; false: there is one of that id already';

CREATE FUNCTION latchkey_admin.set_platform_active(p_actor text, p_id text, p_active boolean)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_active IS NULL THEN
        RAISE EXCEPTION 'p_active must be true or false' USING ERRCODE = 'null_value_not_allowed';
    END IF;

    UPDATE latchkey.platforms AS p
       SET disabled_at = CASE WHEN NOT p_active THEN now() END
     WHERE p.id = p_id
       AND p.active <> p_active;

    IF FOUND THEN
        PERFORM latchkey_admin.record_act(
            p_actor, CASE WHEN p_active THEN 'platform.enable' ELSE 'platform.disable' END,
            'platform:' || p_id, NULL);
        RETURN true;
    END IF;

    RETURN EXISTS (SELECT FROM latchkey.platforms AS p WHERE p.id = p_id);
END
$$;

COMMENT ON FUNCTION latchkey_admin.set_platform_active IS
    'Enables or disables a platform; false: there is none; one that is so already is left alone, unrecorded';

COMMIT;
