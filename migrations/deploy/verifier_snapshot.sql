-- Deploy latchkey:verifier_snapshot to pg
-- requires: users
-- requires: verifier_version
-- requires: revoked_tokens

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_api.verifier_version()
RETURNS bigint
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT v.version FROM latchkey.verifier_version AS v);
END
$$;

COMMENT ON FUNCTION latchkey_api.verifier_version IS
    'Polled by latchkeyd: another number than that of its snapshot means that it must read the snapshot again';

-- STABLE: all its queries see what the calling statement sees, so the rows belong to the version before them.
CREATE FUNCTION latchkey_api.verifier_snapshot()
RETURNS TABLE (kind text, client_app_id uuid, user_id uuid, token_id text, version bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'version', NULL::uuid, NULL::uuid, NULL::text, v.version
      FROM latchkey.verifier_version AS v;

    RETURN QUERY
    SELECT 'active_app', a.id, NULL::uuid, NULL::text, NULL::bigint
      FROM latchkey.client_apps AS a
     WHERE a.active;

    -- A token lives for one hour: the tokens of a user erased longer ago have expired.
    RETURN QUERY
    SELECT 'erased_user', u.client_app_id, u.id, NULL::text, NULL::bigint
      FROM latchkey.users AS u
     WHERE u.erased_at > now() - interval '2 hours';

    -- An hour past its end, for verifiers that allow some leeway.
    RETURN QUERY
    SELECT 'revoked_token', t.client_app_id, NULL::uuid, t.token_id, NULL::bigint
      FROM latchkey.revoked_tokens AS t
     WHERE t.expires_at > now() - interval '1 hour';
END
$$;

COMMENT ON FUNCTION latchkey_api.verifier_snapshot IS
    'All that verify must know, at one moment: the row version first, then rows active_app, erased_user, revoked_token';

COMMIT;
