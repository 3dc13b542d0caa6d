-- Deploy latchkey:erase_user_data to pg
-- requires: revoke_and_erase
-- requires: documents
-- requires: webhook_deliveries
-- requires: link_attempts

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.erase_user_data(p_actor text, p_client_app_id uuid, p_user_id uuid)
RETURNS TABLE (
    erased_now     boolean,  -- false: it was erased before
    platform_links bigint,
    documents      bigint,
    retrievals     bigint,
    deliveries     bigint,
    unreferenced   bytea[]   -- SHA-256 of contents that nobody needs any more
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_erased_at  timestamptz;
    v_contents   bytea[];
    v_staged     bytea[];
    v_retrievals uuid[];
    v_tokens     uuid[];
BEGIN
    -- The user's row first, as finish_retrieval does: whichever comes second sees what the first has done.
    SELECT u.erased_at
      INTO v_erased_at
      FROM latchkey.users AS u
     WHERE u.client_app_id = p_client_app_id
       AND u.id = p_user_id
       FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    erased_now := v_erased_at IS NULL;
    IF erased_now THEN
        UPDATE latchkey.users AS u
           SET erased_at = now(), last_seen_on = NULL, request_id = NULL
         WHERE u.client_app_id = p_client_app_id
           AND u.id = p_user_id;
        PERFORM latchkey.bump_verifier_version();
    END IF;

    -- An upload that is being recorded holds its retrieval's row: wait for it, then remove its file as well.
    SELECT array_agg(r.id)
      INTO v_retrievals
      FROM (SELECT held.id
              FROM latchkey.retrievals AS held
             WHERE held.client_app_id = p_client_app_id
               AND held.user_id = p_user_id
             ORDER BY held.id
               FOR UPDATE) AS r;

    WITH gone AS (
        DELETE FROM latchkey.retrieval_files AS f
         WHERE f.retrieval_id = ANY (v_retrievals)
        RETURNING f.sha256
    )
    SELECT array_agg(DISTINCT gone.sha256) INTO v_staged FROM gone;

    DELETE FROM latchkey.retrievals AS r
     WHERE r.id = ANY (v_retrievals);
    GET DIAGNOSTICS retrievals = ROW_COUNT;

    WITH gone AS (
        DELETE FROM latchkey.documents AS d
         WHERE d.client_app_id = p_client_app_id
           AND d.user_id = p_user_id
        RETURNING d.sha256
    )
    SELECT array_agg(DISTINCT gone.sha256), count(*) INTO v_contents, documents FROM gone;

    DELETE FROM latchkey.platform_links AS l
     WHERE l.client_app_id = p_client_app_id
       AND l.user_id = p_user_id;
    GET DIAGNOSTICS platform_links = ROW_COUNT;

    DELETE FROM latchkey.webhook_deliveries AS d
     WHERE d.client_app_id = p_client_app_id
       AND d.user_id = p_user_id;
    GET DIAGNOSTICS deliveries = ROW_COUNT;

    -- Tokens before their attempts, as remove_expired does.
    v_tokens := ARRAY(SELECT t.id
                        FROM latchkey.link_tokens AS t
                       WHERE t.client_app_id = p_client_app_id
                         AND t.user_id = p_user_id
                       ORDER BY t.id
                         FOR UPDATE);
    DELETE FROM latchkey.link_attempts AS a
     WHERE a.token_id = ANY (v_tokens);
    DELETE FROM latchkey.link_tokens AS t
     WHERE t.id = ANY (v_tokens);

    unreferenced := ARRAY(SELECT * FROM latchkey_admin.unreferenced_contents(v_contents || v_staged));

    IF erased_now OR platform_links + documents + retrievals + deliveries > 0 THEN
        PERFORM latchkey_admin.record_act(
            p_actor, 'user.erase', 'user:' || p_client_app_id || '/' || p_user_id,
            jsonb_build_object('platform_links', platform_links, 'documents', documents, 'retrievals', retrievals,
                               'deliveries', deliveries));
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION latchkey_admin.erase_user_data IS
    'Leaves a tombstone of a user, whose tokens fail at once, and removes all that was retrieved; no row: no such user';

CREATE FUNCTION latchkey_admin.unreferenced_contents(p_sha256 bytea[])
RETURNS SETOF bytea
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
    SELECT DISTINCT asked.sha256
      FROM unnest(p_sha256) AS asked (sha256)
     WHERE asked.sha256 IS NOT NULL
       AND NOT EXISTS (SELECT FROM latchkey.documents AS d WHERE d.sha256 = asked.sha256)
       AND NOT EXISTS (SELECT FROM latchkey.retrieval_files AS f WHERE f.sha256 = asked.sha256);
END
$$;

COMMENT ON FUNCTION latchkey_admin.unreferenced_contents IS
    'Which of these contents neither a document nor a file of an open retrieval has, each once';

-- Its signature stays, for a command of the release before.
CREATE OR REPLACE FUNCTION latchkey_admin.erase_user(p_actor text, p_client_app_id uuid, p_user_id uuid)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN COALESCE((SELECT e.erased_now
                       FROM latchkey_admin.erase_user_data(p_actor, p_client_app_id, p_user_id) AS e), false);
END
$$;

COMMENT ON FUNCTION latchkey_admin.erase_user IS
    'erase_user_data in short; false: there is no such user, or it is erased already';

COMMIT;
