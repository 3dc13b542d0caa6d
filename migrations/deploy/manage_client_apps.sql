-- Deploy latchkey:manage_client_apps to pg
-- requires: secrets
-- requires: verifier_version
-- requires: record_act

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.create_client_app(
    p_actor           text,
    p_client_app_id   uuid,
    p_name            text,
    p_organisation_id text,     -- NULL: none
    p_webhook_url     text,     -- NULL: none
    p_api_key         uuid,
    p_sandbox_only    boolean,
    p_secret_id       uuid,
    p_secret_hash     bytea,
    p_secret_hint     text
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO latchkey.client_apps (id, name, organisation_id, webhook_url)
    VALUES (p_client_app_id, p_name, p_organisation_id, p_webhook_url);

    INSERT INTO latchkey.credentials (api_key, client_app_id, sandbox_only)
    VALUES (p_api_key, p_client_app_id, p_sandbox_only);

    INSERT INTO latchkey.secrets (id, api_key, secret_hash, hint)
    VALUES (p_secret_id, p_api_key, p_secret_hash, p_secret_hint);

    PERFORM latchkey_admin.record_act(
        p_actor, 'app.create', 'client_app:' || p_client_app_id,
        jsonb_build_object('name', p_name, 'organisation_id', p_organisation_id, 'webhook_url', p_webhook_url,
                           'api_key', p_api_key, 'sandbox_only', p_sandbox_only, 'secret_id', p_secret_id));
    PERFORM latchkey.bump_verifier_version();
END
$$;

COMMENT ON FUNCTION latchkey_admin.create_client_app IS
    'Makes a client app with one credential and its first secret; an id that is there already is unique_violation';

CREATE FUNCTION latchkey_admin.set_client_app_active(p_actor text, p_client_app_id uuid, p_active boolean)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_active IS NULL THEN
        RAISE EXCEPTION 'p_active must be true or false' USING ERRCODE = 'null_value_not_allowed';
    END IF;

    UPDATE latchkey.client_apps AS a
       SET disabled_at = CASE WHEN NOT p_active THEN now() END
     WHERE a.id = p_client_app_id
       AND a.active <> p_active;

    IF FOUND THEN
        PERFORM latchkey_admin.record_act(
            p_actor, CASE WHEN p_active THEN 'app.enable' ELSE 'app.disable' END,
            'client_app:' || p_client_app_id, NULL);
        PERFORM latchkey.bump_verifier_version();
        RETURN true;
    END IF;

    RETURN EXISTS (SELECT FROM latchkey.client_apps AS a WHERE a.id = p_client_app_id);
END
$$;

COMMENT ON FUNCTION latchkey_admin.set_client_app_active IS
    'Enables or disables a client app; false: there is no such app; one that is so already is left alone, unrecorded';

CREATE FUNCTION latchkey_admin.regenerate_secret(
    p_actor       text,
    p_api_key     uuid,
    p_secret_id   uuid,
    p_secret_hash bytea,
    p_secret_hint text,
    p_overlap     interval  -- for how long the older secrets go on working; zero: they stop now
)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now timestamptz;
    v_end timestamptz;
BEGIN
    IF p_overlap IS NULL OR p_overlap < interval '0' THEN
        RAISE EXCEPTION 'p_overlap must be zero or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- One after the other, so that each ends the secrets of those before it.
    PERFORM FROM latchkey.credentials AS c WHERE c.api_key = p_api_key FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_now := clock_timestamp();
    v_end := v_now + p_overlap;

    UPDATE latchkey.secrets AS s
       SET expires_at = v_end
     WHERE s.api_key = p_api_key
       AND (s.expires_at IS NULL OR s.expires_at > v_end);

    INSERT INTO latchkey.secrets (id, api_key, secret_hash, hint, created_at)
    VALUES (p_secret_id, p_api_key, p_secret_hash, p_secret_hint, v_now);

    PERFORM latchkey_admin.record_act(
        p_actor, 'secret.regenerate', 'credential:' || p_api_key,
        jsonb_build_object('secret_id', p_secret_id, 'older_expire_at', v_end));
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.regenerate_secret IS
    'Adds a secret and lets the older ones stop after the overlap; false: there is no such API key';

COMMIT;
