-- Deploy latchkey:initialize_token to pg
-- requires: secrets_by_hash
-- requires: users
-- requires: link_tokens

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- All that POST /initialize-token asks of the database, in one round trip: finds the client app by its secret alone,
-- then makes or finds the user, and keeps what the token is for.
--
-- As token_context it raises nothing for any argument, NULLs included; a call that is refused writes nothing; and
-- everything is looked up before anything is decided, so that each refusal costs the same look-ups.
CREATE FUNCTION latchkey_api.initialize_token(
    p_mode            text,     -- production or sandbox
    p_secret_hashes   bytea[],  -- of the secret that was sent, one for each hash key in use
    p_user_id         uuid,     -- NULL: make a user
    p_new_user_id     uuid,     -- the id of that user; the same one when the same call is tried again
    p_token_id        uuid,     -- the jti; the same one when the same call is tried again
    p_webhook_url     text,     -- NULL: the client app's own
    p_request_id      text,     -- stored with a user that is made
    OUT outcome       text,     -- ok, or why not, by the first row of CASE that applies
    OUT client_app_id uuid,     -- NULL: the secret is not known
    OUT user_id       uuid,     -- NULL unless ok
    OUT number        bigint    -- NULL unless ok
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    c_nil   CONSTANT uuid        := '00000000-0000-0000-0000-000000000000';
    v_now   CONSTANT timestamptz := clock_timestamp();
    v_today CONSTANT date        := (v_now AT TIME ZONE 'UTC')::date;
    v_mode  CONSTANT latchkey.mode := CASE WHEN p_mode IN ('production', 'sandbox') THEN p_mode END;
    v_api_key           uuid;
    v_secret_expires_at timestamptz;
    v_sandbox_only      boolean;
    v_app_id            uuid;
    v_active            boolean;
    v_app_webhook_url   text;
    v_user_id           uuid := COALESCE(p_user_id, p_new_user_id);
    v_user_known        boolean;
    v_user_mode         latchkey.mode;
    v_user_erased_at    timestamptz;
    v_token             latchkey.link_tokens;
BEGIN
    SELECT s.api_key, s.expires_at
      INTO v_api_key, v_secret_expires_at
      FROM latchkey.secrets AS s
     WHERE s.secret_hash = ANY (p_secret_hashes);

    SELECT c.client_app_id, c.sandbox_only
      INTO client_app_id, v_sandbox_only
      FROM latchkey.credentials AS c
     WHERE c.api_key = COALESCE(v_api_key, c_nil);

    v_app_id := COALESCE(client_app_id, c_nil);

    SELECT a.active, a.webhook_url
      INTO v_active, v_app_webhook_url
      FROM latchkey.client_apps AS a
     WHERE a.id = v_app_id;

    LOOP
        SELECT *
          INTO v_token
          FROM latchkey.link_tokens AS t
         WHERE t.id = p_token_id;

        SELECT u.mode, u.erased_at
          INTO v_user_mode, v_user_erased_at
          FROM latchkey.users AS u
         WHERE u.client_app_id = v_app_id
           AND u.id = v_user_id;
        v_user_known := FOUND;

        outcome := CASE
            WHEN client_app_id IS NULL                              THEN 'unknown_secret'
            WHEN v_secret_expires_at <= v_now                       THEN 'expired_secret'
            WHEN v_mode IS NULL                                     THEN 'wrong_mode'
            WHEN v_sandbox_only AND v_mode <> 'sandbox'             THEN 'wrong_mode'
            WHEN NOT v_active                                       THEN 'disabled_app'
            WHEN v_user_known AND v_user_mode <> v_mode             THEN 'unknown_user'
            WHEN v_user_erased_at IS NOT NULL                       THEN 'erased_user'
            WHEN NOT v_user_known AND p_user_id IS NOT NULL         THEN 'unknown_user'
            WHEN v_user_id IS NULL                                  THEN 'unknown_user'
            WHEN COALESCE(p_webhook_url, v_app_webhook_url) IS NULL THEN 'no_webhook_url'
            WHEN p_token_id IS NULL                                 THEN 'invalid_argument'
            WHEN char_length(p_webhook_url) > 2048                  THEN 'invalid_argument'
            WHEN p_webhook_url !~ '^https?://[^[:space:][:cntrl:]]+$' THEN 'invalid_argument'
            -- an id that is there for anything else is none of a new token
            WHEN v_token.client_app_id <> v_app_id                  THEN 'invalid_argument'
            WHEN v_token.user_id <> v_user_id                       THEN 'invalid_argument'
            ELSE 'ok'
        END;
        IF outcome <> 'ok' THEN
            RETURN;
        END IF;

        IF NOT v_user_known THEN
            INSERT INTO latchkey.users (client_app_id, id, mode, created_at, last_seen_on, request_id)
            VALUES (v_app_id, v_user_id, v_mode, v_now, v_today,
                    CASE WHEN p_request_id ~ '^[A-Za-z0-9._-]{1,64}$' THEN p_request_id END)
            ON CONFLICT (client_app_id, id) DO NOTHING;
            -- The same call, tried again while its first try was under way, made it meanwhile: read again.
            CONTINUE WHEN NOT FOUND;
        END IF;

        UPDATE latchkey.users AS u
           SET last_seen_on = v_today
         WHERE u.client_app_id = v_app_id
           AND u.id = v_user_id
           AND u.last_seen_on < v_today;

        -- Shared with other tokens, but not with an erasure: that waits for this, or this for that and reads again. It
        -- comes after the update, so that no two calls hold what the other would change.
        PERFORM
           FROM latchkey.users AS u
          WHERE u.client_app_id = v_app_id
            AND u.id = v_user_id
            AND u.erased_at IS NULL
            FOR SHARE;
        CONTINUE WHEN NOT FOUND;

        INSERT INTO latchkey.link_tokens AS t (id, client_app_id, user_id, mode, webhook_url, created_at, expires_at)
        VALUES (p_token_id, v_app_id, v_user_id, v_mode, p_webhook_url, v_now, v_now + interval '1 hour')
        ON CONFLICT (id) DO NOTHING
        RETURNING t.number INTO number;
        EXIT WHEN FOUND;

        SELECT t.number
          INTO number
          FROM latchkey.link_tokens AS t
         WHERE t.id = p_token_id
           AND t.client_app_id = v_app_id
           AND t.user_id = v_user_id;
        EXIT WHEN FOUND;
        -- Another call has taken the id meanwhile, or given it up: read again.
    END LOOP;

    user_id := v_user_id;
END
$$;

COMMENT ON FUNCTION latchkey_api.initialize_token IS
    'Proves an API secret that comes without its key, makes or finds the user, and keeps a token for the link modal. '
    'One row, always; raises nothing';

COMMIT;
