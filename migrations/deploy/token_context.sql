-- Deploy latchkey:token_context to pg
-- requires: secrets
-- requires: users
-- requires: idempotency_keys

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- All that POST /api/token asks of the database, in one round trip: proves the secret, then makes or finds the user.
--
-- It raises nothing for any argument, NULLs included: the answer is an outcome. A call that is refused writes nothing.
--
-- Everything is looked up before anything is decided, with nil ids where an id is not known, so that an unknown API
-- key, a wrong secret, a disabled app and an unknown user cost the same look-ups. The hashes that are compared are
-- HMACs under a key that the caller has not, so the time that their comparison takes tells nothing about a secret.
-- An expired secret differs from a wrong one in the name of the outcome alone, which is for the log.
--
-- plpgsql, because it keeps its plans for the life of a connection, also behind unnamed statements.
CREATE FUNCTION latchkey_api.token_context(
    p_mode            text,     -- production or sandbox
    p_api_key         uuid,
    p_secret_hashes   bytea[],  -- of the secret that was sent, one for each hash key in use
    p_user_id         uuid,     -- NULL: make a user
    p_new_user_id     uuid,     -- the id of that user; the same one when the same call is tried again
    p_idempotency_key text,     -- NULL: none was sent
    p_request_id      text,     -- stored with a user that is made
    OUT outcome       text,     -- ok, or why not, by the first row of CASE that applies
    OUT client_app_id uuid,     -- NULL: the API key is not known
    OUT user_id       uuid      -- NULL unless ok
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    c_nil        CONSTANT uuid        := '00000000-0000-0000-0000-000000000000';
    c_key_format CONSTANT text        := '^[!-~]{1,255}$';
    v_now        CONSTANT timestamptz := clock_timestamp();
    v_today      CONSTANT date        := (v_now AT TIME ZONE 'UTC')::date;
    v_mode       CONSTANT latchkey.mode := CASE WHEN p_mode IN ('production', 'sandbox') THEN p_mode END;
    v_app_id            uuid;
    v_sandbox_only      boolean;
    v_active            boolean;
    v_secret_known      boolean;
    v_secret_expires_at timestamptz;
    v_key_user_id       uuid;
    v_key_made_user     boolean;
    v_user_id           uuid;
    v_user_known        boolean;
    v_user_mode         latchkey.mode;
    v_user_erased_at    timestamptz;
    v_user_last_seen_on date;
BEGIN
    SELECT c.client_app_id, c.sandbox_only
      INTO client_app_id, v_sandbox_only
      FROM latchkey.credentials AS c
     WHERE c.api_key = p_api_key;

    v_app_id := COALESCE(client_app_id, c_nil);

    SELECT a.active
      INTO v_active
      FROM latchkey.client_apps AS a
     WHERE a.id = v_app_id;

    SELECT s.expires_at
      INTO v_secret_expires_at
      FROM latchkey.secrets AS s
     WHERE s.api_key = p_api_key
       AND s.secret_hash = ANY (p_secret_hashes);
    v_secret_known := FOUND;

    LOOP
        IF p_idempotency_key IS NOT NULL THEN
            SELECT k.user_id, k.made_user
              INTO v_key_user_id, v_key_made_user
              FROM latchkey.idempotency_keys AS k
             WHERE k.client_app_id = v_app_id
               AND k.mode = v_mode
               AND k.key = p_idempotency_key
               AND k.created_at > v_now - interval '24 hours';
        END IF;

        -- p_new_user_id is looked up too: it is there when a call is tried again whose answer was lost.
        v_user_id := COALESCE(v_key_user_id, p_user_id, p_new_user_id);

        SELECT u.mode, u.erased_at, u.last_seen_on
          INTO v_user_mode, v_user_erased_at, v_user_last_seen_on
          FROM latchkey.users AS u
         WHERE u.client_app_id = v_app_id
           AND u.id = v_user_id;
        v_user_known := FOUND;

        outcome := CASE
            WHEN client_app_id IS NULL                              THEN 'unknown_api_key'
            WHEN NOT v_secret_known                                 THEN 'wrong_secret'
            WHEN v_secret_expires_at <= v_now                       THEN 'expired_secret'
            WHEN v_mode IS NULL                                     THEN 'wrong_mode'
            WHEN v_sandbox_only AND v_mode <> 'sandbox'             THEN 'wrong_mode'
            WHEN NOT v_active                                       THEN 'disabled_app'
            WHEN p_idempotency_key !~ c_key_format                  THEN 'idempotency_conflict'
            -- the same key must ask for the same: no user both times, or the user that was answered
            WHEN p_user_id IS NULL AND NOT v_key_made_user          THEN 'idempotency_conflict'
            WHEN p_user_id <> v_key_user_id                         THEN 'idempotency_conflict'
            WHEN v_user_known AND v_user_mode <> v_mode             THEN 'unknown_user'
            WHEN v_user_erased_at IS NOT NULL                       THEN 'erased_user'
            WHEN v_user_known                                       THEN 'ok'
            WHEN COALESCE(v_key_user_id, p_user_id) IS NOT NULL     THEN 'unknown_user'
            WHEN p_new_user_id IS NULL                              THEN 'unknown_user'
            ELSE 'ok'
        END;
        IF outcome <> 'ok' THEN
            RETURN;
        END IF;

        -- Of several calls with the same new key one claims it; the others wait here for its end, then read again.
        IF p_idempotency_key IS NOT NULL AND v_key_user_id IS NULL THEN
            INSERT INTO latchkey.idempotency_keys AS k (client_app_id, mode, key, user_id, made_user, created_at)
            VALUES (v_app_id, v_mode, p_idempotency_key, v_user_id, p_user_id IS NULL, v_now)
            ON CONFLICT (client_app_id, mode, key) DO UPDATE
                SET user_id = excluded.user_id, made_user = excluded.made_user, created_at = excluded.created_at
                WHERE k.created_at <= v_now - interval '24 hours';
            CONTINUE WHEN NOT FOUND;
        END IF;

        EXIT WHEN v_user_known;

        INSERT INTO latchkey.users (client_app_id, id, mode, created_at, last_seen_on, request_id)
        VALUES (v_app_id, v_user_id, v_mode, v_now, v_today,
                CASE WHEN p_request_id ~ '^[A-Za-z0-9._-]{1,64}$' THEN p_request_id END)
        ON CONFLICT (client_app_id, id) DO NOTHING;
        EXIT WHEN FOUND;
        -- The same call, tried again while its first try was under way, made it meanwhile: read again.
    END LOOP;

    IF v_user_last_seen_on < v_today THEN
        UPDATE latchkey.users AS u
           SET last_seen_on = v_today
         WHERE u.client_app_id = v_app_id
           AND u.id = v_user_id
           AND u.last_seen_on < v_today;
    END IF;

    user_id := v_user_id;
END
$$;

COMMENT ON FUNCTION latchkey_api.token_context IS
    'Proves an API secret and makes or finds the user to make a token for. One row, always; raises nothing';

COMMIT;
