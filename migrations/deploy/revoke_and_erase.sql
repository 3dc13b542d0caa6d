-- Deploy latchkey:revoke_and_erase to pg
-- requires: users
-- requires: revoked_tokens
-- requires: verifier_version
-- requires: record_act

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.revoke_token(
    p_actor         text,
    p_token_id      text,         -- the claim jti
    p_client_app_id uuid,
    p_expires_at    timestamptz,  -- the claim exp
    p_reason        text          -- NULL: none
)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_expires_at <= clock_timestamp() THEN
        RETURN false;
    END IF;

    INSERT INTO latchkey.revoked_tokens (token_id, client_app_id, expires_at, reason)
    VALUES (p_token_id, p_client_app_id, p_expires_at, p_reason)
    ON CONFLICT (token_id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM latchkey_admin.record_act(
        p_actor, 'token.revoke', 'token:' || p_token_id,
        jsonb_build_object('client_app_id', p_client_app_id, 'expires_at', p_expires_at, 'reason', p_reason));
    PERFORM latchkey.bump_verifier_version();
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.revoke_token IS
    'Makes a token fail at once; false: it is revoked already or has expired';

CREATE FUNCTION latchkey_admin.erase_user(p_actor text, p_client_app_id uuid, p_user_id uuid)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE latchkey.users AS u
       SET erased_at = now(), last_seen_on = NULL, request_id = NULL
     WHERE u.client_app_id = p_client_app_id
       AND u.id = p_user_id
       AND u.erased_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM latchkey_admin.record_act(
        p_actor, 'user.erase', 'user:' || p_client_app_id || '/' || p_user_id, NULL);
    PERFORM latchkey.bump_verifier_version();
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.erase_user IS
    'Leaves a tombstone of a user, whose tokens fail at once; false: there is no such user, or it is erased already';

COMMIT;
