-- Deploy latchkey:link_sessions to pg
-- requires: link_tokens
-- requires: client_app_origins
-- requires: platforms
-- requires: revoked_tokens
--
-- What the link modal asks of the database to open. These functions raise nothing for any argument, NULLs included.
-- invalid_argument is one that latchkeyd, which checks what it is sent, does not come to see.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_api.link_page(p_client_app_id uuid)
RETURNS SETOF text
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT o.origin
      FROM latchkey.client_app_origins AS o
     WHERE o.client_app_id = p_client_app_id
       AND EXISTS (SELECT FROM latchkey.client_apps AS a WHERE a.id = p_client_app_id AND a.active)
     ORDER BY o.origin;
END
$$;

COMMENT ON FUNCTION latchkey_api.link_page IS
    'The origins whose pages may show the link modal for a client app, in order; none: there is no such app, or it is '
    'disabled';

CREATE FUNCTION latchkey_api.open_link(
    p_token_id      uuid,         -- the jti, and so the next four: of a token that latchkeyd has verified
    p_client_app_id uuid,
    p_user_id       uuid,
    p_mode          text,         -- production or sandbox
    p_expires_at    timestamptz,  -- its exp
    p_origin        text,         -- of the page that shows the modal
    p_metadata      text,         -- a JSON object, kept as it is written
    p_session_hash  bytea,        -- of the session's new key; the same one when the same call is tried again
    OUT outcome            text,  -- ok, or why not, by the first row of CASE that applies
    OUT session_expires_at timestamptz  -- NULL unless ok
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now  CONSTANT timestamptz   := clock_timestamp();
    v_mode CONSTANT latchkey.mode := CASE WHEN p_mode IN ('production', 'sandbox') THEN p_mode END;
    v_user_known boolean;
    v_token      latchkey.link_tokens;
BEGIN
    -- Shared with other openings, but not with an erasure: that waits for this, or this for that.
    PERFORM
       FROM latchkey.users AS u
       JOIN latchkey.client_apps AS a ON a.id = u.client_app_id
      WHERE u.client_app_id = p_client_app_id
        AND u.id = p_user_id
        AND u.mode = v_mode
        AND u.erased_at IS NULL
        AND a.active
        FOR SHARE OF u;
    v_user_known := FOUND;

    outcome := CASE
        WHEN NOT v_user_known THEN 'invalid_token'
        WHEN EXISTS (SELECT
                       FROM latchkey.revoked_tokens AS r
                      WHERE r.token_id = replace(p_token_id::text, '-', '')) THEN 'invalid_token'
        WHEN NOT EXISTS (SELECT
                           FROM latchkey.client_app_origins AS o
                          WHERE o.client_app_id = p_client_app_id
                            AND o.origin = p_origin) THEN 'unknown_origin'
        ELSE 'ok'
    END;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    -- A token of /api/token has no row yet. Of openings at once the first to commit wins; the others wait for it here.
    INSERT INTO latchkey.link_tokens AS t (id, client_app_id, user_id, mode, created_at, expires_at, opened_at,
                                           session_hash, session_expires_at, origin, metadata)
    VALUES (p_token_id, p_client_app_id, p_user_id, v_mode, v_now, p_expires_at, v_now, p_session_hash,
            v_now + interval '1 hour', p_origin, p_metadata)
    ON CONFLICT (id) DO UPDATE
        SET opened_at = excluded.opened_at, session_hash = excluded.session_hash,
            session_expires_at = excluded.session_expires_at, origin = excluded.origin, metadata = excluded.metadata
        WHERE t.opened_at IS NULL
          AND t.client_app_id = excluded.client_app_id
          AND t.user_id = excluded.user_id
          AND t.mode = excluded.mode;

    -- Also when the same call is tried again. By the id alone: with its user named too, it might be looked up among
    -- all tokens of that user.
    SELECT *
      INTO v_token
      FROM latchkey.link_tokens AS t
     WHERE t.id = p_token_id;
    IF (v_token.client_app_id, v_token.user_id, v_token.session_hash)
       IS DISTINCT FROM (p_client_app_id, p_user_id, p_session_hash) THEN
        outcome := 'used_token';
    ELSE
        session_expires_at := v_token.session_expires_at;
    END IF;
EXCEPTION WHEN check_violation OR not_null_violation OR unique_violation THEN
    outcome := 'invalid_argument';
END
$$;

COMMENT ON FUNCTION latchkey_api.open_link IS
    'Opens the link modal''s session, once for each token. One row, always; raises nothing';

CREATE FUNCTION latchkey.authenticate_link_session(
    p_session_hashes  bytea[],  -- of the key that was sent, one for each hash key in use
    p_mode            text,
    OUT token_id      uuid,     -- NULL, and so the others: the session is over, or there is none
    OUT client_app_id uuid,
    OUT user_id       uuid,
    OUT mode          latchkey.mode,
    OUT expires_at    timestamptz
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_token latchkey.link_tokens;
BEGIN
    -- By itself: joined with the others, and planned while they were tiny, it would be looked up by them.
    SELECT *
      INTO v_token
      FROM latchkey.link_tokens AS t
     WHERE t.session_hash = ANY (p_session_hashes)
       AND t.session_expires_at > clock_timestamp()
       AND t.mode::text = p_mode;

    IF EXISTS (SELECT
                 FROM latchkey.users AS u
                WHERE u.client_app_id = v_token.client_app_id
                  AND u.id = v_token.user_id
                  AND u.erased_at IS NULL)
       AND EXISTS (SELECT
                     FROM latchkey.client_apps AS a
                    WHERE a.id = v_token.client_app_id
                      AND a.active)
       AND NOT EXISTS (SELECT
                         FROM latchkey.revoked_tokens AS r
                        WHERE r.token_id = replace(v_token.id::text, '-', '')) THEN
        token_id      := v_token.id;
        client_app_id := v_token.client_app_id;
        user_id       := v_token.user_id;
        mode          := v_token.mode;
        expires_at    := v_token.session_expires_at;
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey.authenticate_link_session IS
    'Which session a key belongs to, while it is good; called by the functions that the link modal uses';

-- enable_sort is off, since a plan made while the catalogue was tiny, and kept, might read all of it for each page. Its
-- order ignores the case of ASCII letters alone, so that one index has it wherever the database is; a search ignores
-- that of all letters that the database knows.
CREATE FUNCTION latchkey_api.link_platforms(
    p_session_hashes bytea[],
    p_mode           text,
    p_search         text,     -- part of a name, of which no character is special; NULL or '': all
    p_after_name     text,     -- position behind which the page begins; NULL: at the beginning
    p_after_id       text,
    p_limit          integer
)
RETURNS TABLE (
    outcome       text,     -- ok, unknown_session
    client_app_id uuid,     -- NULL unless ok
    platform      text,     -- NULL, and so the next two: there is none, in the one row of the answer
    name          text,
    has_connector boolean   -- false: the user signs in within the modal
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_sort = off
SET enable_incremental_sort = off
AS $$
#variable_conflict use_column
DECLARE
    v_search     CONSTANT text := lower(COALESCE(p_search, '') COLLATE "default");
    v_after_name CONSTANT text := COALESCE(p_after_name, '');
    v_after_id   CONSTANT text := COALESCE(p_after_id, '');
    v_app_id     uuid;
    v_mode       latchkey.mode;
BEGIN
    SELECT s.client_app_id, s.mode
      INTO v_app_id, v_mode
      FROM latchkey.authenticate_link_session(p_session_hashes, p_mode) AS s;
    IF v_app_id IS NULL THEN
        outcome := 'unknown_session';
        RETURN NEXT;
        RETURN;
    END IF;

    RETURN QUERY
    SELECT 'ok', v_app_id, p.id, p.name, p.connector_url IS NOT NULL
      FROM latchkey.platforms AS p
     WHERE p.active
       AND CASE v_mode WHEN 'production' THEN p.production ELSE p.sandbox END
       AND (p.connector_url IS NOT NULL OR p.id = 'first-sandbox-bank')
       AND (lower(p.name), p.name, p.id) > (lower(v_after_name COLLATE "C"), v_after_name, v_after_id)
       AND (v_search = '' OR strpos(lower(p.name COLLATE "default"), v_search) > 0)
     ORDER BY lower(p.name), p.name, p.id
     LIMIT greatest(p_limit, 0);
    IF NOT FOUND THEN
        outcome := 'ok';
        client_app_id := v_app_id;
        RETURN NEXT;
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey_api.link_platforms IS
    'A page of the catalogue that the link modal shows, by name. One row or more, always; raises nothing';

COMMIT;
