-- Deploy latchkey:manage_webhooks to pg
-- requires: webhook_deliveries
-- requires: webhook_secrets
-- requires: record_act

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.set_webhook_url(p_actor text, p_client_app_id uuid, p_url text)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE latchkey.client_apps AS a
       SET webhook_url = p_url
     WHERE a.id = p_client_app_id
       AND a.webhook_url IS DISTINCT FROM p_url;

    IF FOUND THEN
        -- Another receiver starts without the failures of the one before it.
        UPDATE latchkey.webhook_endpoints AS e
           SET consecutive_failures = 0, paused_until = NULL
         WHERE e.client_app_id = p_client_app_id;

        PERFORM latchkey_admin.record_act(
            p_actor, 'webhook.configure', 'client_app:' || p_client_app_id, jsonb_build_object('webhook_url', p_url));
        RETURN true;
    END IF;

    RETURN EXISTS (SELECT FROM latchkey.client_apps AS a WHERE a.id = p_client_app_id);
END
$$;

COMMENT ON FUNCTION latchkey_admin.set_webhook_url IS
    'Where an app''s events are announced, NULL: nowhere; false: there is no such app; the same again is unrecorded';

CREATE FUNCTION latchkey_admin.add_webhook_secret(
    p_actor         text,
    p_client_app_id uuid,
    p_id            uuid,
    p_kid           text,     -- of the key that the secret is computed with
    p_overlap       interval  -- for how long the older secrets go on being used too; zero: no longer
)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_most CONSTANT integer := 10;  -- each is a signature in a header that receivers must take
    v_now  timestamptz;
    v_end  timestamptz;
BEGIN
    IF p_overlap IS NULL OR p_overlap < interval '0' THEN
        RAISE EXCEPTION 'p_overlap must be zero or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    -- One after the other, so that each ends the secrets of those before it.
    PERFORM FROM latchkey.client_apps AS a WHERE a.id = p_client_app_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_now := clock_timestamp();
    v_end := v_now + p_overlap;

    UPDATE latchkey.webhook_secrets AS s
       SET expires_at = CASE WHEN newest.place < c_most THEN v_end ELSE v_now END
      FROM (SELECT live.id, row_number() OVER (ORDER BY live.created_at DESC, live.id DESC) AS place
              FROM latchkey.webhook_secrets AS live
             WHERE live.client_app_id = p_client_app_id
               AND (live.expires_at IS NULL OR live.expires_at > v_now)) AS newest
     WHERE s.client_app_id = p_client_app_id
       AND s.id = newest.id
       AND (s.expires_at IS NULL OR s.expires_at > v_end OR newest.place >= c_most);

    INSERT INTO latchkey.webhook_secrets (client_app_id, id, kid, created_at)
    VALUES (p_client_app_id, p_id, p_kid, v_now);

    PERFORM latchkey_admin.record_act(
        p_actor, 'webhook.secret', 'client_app:' || p_client_app_id,
        jsonb_build_object('secret_id', p_id, 'kid', p_kid, 'older_expire_at', v_end));
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.add_webhook_secret IS
    'Adds a webhook secret and lets the older ones end after the overlap, the tenth and older at once; '
    'false: there is no such app';

CREATE FUNCTION latchkey_admin.replay_delivery(p_actor text, p_delivery_id uuid)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_now    CONSTANT timestamptz := clock_timestamp();
    v_app_id uuid;
BEGIN
    -- No attempt until now counts any more, not even one that is under way: see settle.
    UPDATE latchkey.webhook_deliveries AS d
       SET state = 'pending', next_attempt_at = v_now, queued_at = v_now, attempts_uncounted = d.attempts
     WHERE d.id = p_delivery_id
    RETURNING d.client_app_id INTO v_app_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    UPDATE latchkey.webhook_endpoints AS e
       SET paused_until = NULL
     WHERE e.client_app_id = v_app_id;

    PERFORM latchkey_admin.record_act(
        p_actor, 'webhook.replay', 'delivery:' || p_delivery_id, jsonb_build_object('client_app_id', v_app_id));
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.replay_delivery IS
    'Sends a delivery anew, now, under the same id, with three days before it; false: there is none';

CREATE FUNCTION latchkey_admin.create_test_delivery(p_actor text, p_client_app_id uuid, p_delivery_id uuid)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_nil CONSTANT uuid        := '00000000-0000-0000-0000-000000000000';
    v_now CONSTANT timestamptz := clock_timestamp();
    v_app latchkey.client_apps;
BEGIN
    SELECT *
      INTO v_app
      FROM latchkey.client_apps AS a
     WHERE a.id = p_client_app_id;
    IF NOT FOUND THEN
        RETURN 'unknown_app';
    ELSIF v_app.webhook_url IS NULL THEN
        RETURN 'no_url';
    ELSIF NOT EXISTS (SELECT
                        FROM latchkey.webhook_secrets AS s
                       WHERE s.client_app_id = p_client_app_id
                         AND (s.expires_at IS NULL OR s.expires_at > v_now)) THEN
        RETURN 'no_secret';
    END IF;

    INSERT INTO latchkey.webhook_deliveries (id, client_app_id, user_id, mode, kind, next_attempt_at, created_at,
                                             queued_at, status, number, retrieval_created_at)
    VALUES (p_delivery_id, p_client_app_id, c_nil, 'sandbox', 'test', v_now, v_now, v_now, 'test', 0, v_now);

    PERFORM latchkey_admin.record_act(
        p_actor, 'webhook.test', 'delivery:' || p_delivery_id, jsonb_build_object('client_app_id', p_client_app_id));
    RETURN 'ok';
END
$$;

COMMENT ON FUNCTION latchkey_admin.create_test_delivery IS
    'Queues a test for an app''s receiver: ok, unknown_app, no_url, no_secret';

COMMIT;
