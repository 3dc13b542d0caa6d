-- Deploy latchkey:record_link_attempts to pg
-- requires: link_sessions
-- requires: link_attempts
-- requires: documents
--
-- What the link modal asks of the database about its attempts. These functions raise nothing for any argument, NULLs
-- included. invalid_argument is one that latchkeyd, which checks what it is sent, does not come to see.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_api.begin_link_attempt(
    p_session_hashes  bytea[],      -- of the session's key, one for each hash key in use
    p_mode            text,         -- production or sandbox
    p_attempt_id      uuid,         -- the same one when the same call is tried again
    p_platform        text,
    p_tax_year        integer,
    OUT outcome       text,         -- ok, or why not, by the first row of CASE that applies
    OUT client_app_id uuid,         -- NULL: the session is not known
    OUT name          text,         -- of the platform; NULL unless ok
    OUT connector_url text,         -- NULL: the user signs in within the modal; NULL unless ok
    OUT created_at    timestamptz,  -- NULL unless ok
    OUT expires_at    timestamptz   -- the session's end; NULL unless ok
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    c_most CONSTANT integer     := 100;
    v_now  CONSTANT timestamptz := clock_timestamp();
    v_token_id      uuid;
    v_app_id        uuid;
    v_user_id       uuid;
    v_mode          latchkey.mode;
    v_expires_at    timestamptz;
    v_name          text;
    v_connector_url text;
    v_attempt       latchkey.link_attempts;
BEGIN
    outcome := 'unknown_session';

    SELECT s.token_id, s.client_app_id, s.user_id, s.mode, s.expires_at
      INTO v_token_id, v_app_id, v_user_id, v_mode, v_expires_at
      FROM latchkey.authenticate_link_session(p_session_hashes, p_mode) AS s;
    IF v_token_id IS NULL THEN
        RETURN;
    END IF;

    -- Shared with other beginnings, but not with an erasure: that waits for this, or this for that.
    PERFORM
       FROM latchkey.users AS u
      WHERE u.client_app_id = v_app_id
        AND u.id = v_user_id
        AND u.erased_at IS NULL
        FOR SHARE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- One after the other, so that each counts those before it.
    PERFORM FROM latchkey.link_tokens AS t WHERE t.id = v_token_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    SELECT p.name, p.connector_url
      INTO v_name, v_connector_url
      FROM latchkey.platforms AS p
     WHERE p.id = p_platform
       AND p.active
       AND CASE v_mode WHEN 'production' THEN p.production ELSE p.sandbox END
       AND (p.connector_url IS NOT NULL OR p.id = 'first-sandbox-bank');

    SELECT *
      INTO v_attempt
      FROM latchkey.link_attempts AS a
     WHERE a.id = p_attempt_id;

    client_app_id := v_app_id;
    outcome := CASE
        WHEN v_name IS NULL                                     THEN 'unknown_platform'
        WHEN p_attempt_id IS NULL                               THEN 'invalid_argument'
        WHEN (p_tax_year BETWEEN 1900 AND 9999) IS NOT TRUE     THEN 'invalid_argument'
        -- an id that is there for anything else is none of a new attempt
        WHEN v_attempt.token_id <> v_token_id                   THEN 'invalid_argument'
        WHEN v_attempt.platform <> p_platform                   THEN 'invalid_argument'
        WHEN v_attempt.tax_year <> p_tax_year                   THEN 'invalid_argument'
        WHEN v_attempt.id IS NOT NULL                           THEN 'ok'
        WHEN (SELECT count(*)
                FROM latchkey.link_attempts AS a
               WHERE a.token_id = v_token_id) >= c_most         THEN 'too_many_attempts'
        ELSE 'ok'
    END;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    IF v_attempt.id IS NULL THEN
        INSERT INTO latchkey.link_attempts (id, token_id, client_app_id, user_id, mode, platform, tax_year, created_at)
        VALUES (p_attempt_id, v_token_id, v_app_id, v_user_id, v_mode, p_platform, p_tax_year, v_now)
        ON CONFLICT (id) DO NOTHING;
        IF NOT FOUND THEN
            outcome := 'invalid_argument';
            RETURN;
        END IF;
    END IF;

    name          := v_name;
    connector_url := v_connector_url;
    created_at    := COALESCE(v_attempt.created_at, v_now);
    expires_at    := v_expires_at;
END
$$;

COMMENT ON FUNCTION latchkey_api.begin_link_attempt IS
    'Begins an attempt with a platform, for a collector to take up. One row, always; raises nothing';

CREATE FUNCTION latchkey_api.read_link_attempt(p_session_hashes bytea[], p_mode text, p_attempt_id uuid)
RETURNS TABLE (
    outcome       text,         -- ok, unknown_session, unknown_attempt
    client_app_id uuid,         -- NULL: the session is not known
    status        text,         -- NULL unless ok, and so the next three
    platform      text,
    name          text,
    tax_year      integer,
    finished_at   timestamptz,  -- NULL: it is not over
    file_name     text,         -- NULL, and so the next two: there is no document, in the one row of the answer
    content_type  text,
    size          bigint
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_token_id uuid;
    v_attempt  latchkey.link_attempts;
BEGIN
    SELECT s.token_id, s.client_app_id
      INTO v_token_id, client_app_id
      FROM latchkey.authenticate_link_session(p_session_hashes, p_mode) AS s;
    IF v_token_id IS NULL THEN
        outcome := 'unknown_session';
        RETURN NEXT;
        RETURN;
    END IF;

    SELECT *
      INTO v_attempt
      FROM latchkey.link_attempts AS a
     WHERE a.id = p_attempt_id;
    IF v_attempt.token_id IS DISTINCT FROM v_token_id THEN
        outcome := 'unknown_attempt';
        RETURN NEXT;
        RETURN;
    END IF;

    outcome     := 'ok';
    status      := v_attempt.status;
    platform    := v_attempt.platform;
    tax_year    := v_attempt.tax_year;
    finished_at := v_attempt.finished_at;
    name        := (SELECT p.name FROM latchkey.platforms AS p WHERE p.id = v_attempt.platform);

    FOR file_name, content_type, size IN
        SELECT d.file_name, d.content_type, d.size
          FROM latchkey.documents AS d
         WHERE d.client_app_id = v_attempt.client_app_id
           AND d.user_id = v_attempt.user_id
           AND d.id = ANY (v_attempt.document_ids)
         ORDER BY d.file_name
    LOOP
        RETURN NEXT;
    END LOOP;
    IF NOT FOUND THEN
        RETURN NEXT;
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey_api.read_link_attempt IS
    'How an attempt of a session fares, and the documents that it brought. One row or more, always; raises nothing';

-- Each attempt is looked up by itself, whatever plan is kept.
CREATE FUNCTION latchkey_api.changed_link_attempts(p_ids uuid[], p_seen text[])
RETURNS SETOF uuid
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT asked.id
      FROM unnest(p_ids, p_seen) AS asked (id, seen)
     WHERE asked.id IS NOT NULL
       AND COALESCE((SELECT a.status FROM latchkey.link_attempts AS a WHERE a.id = asked.id), 'gone')
           IS DISTINCT FROM asked.seen;
END
$$;

COMMENT ON FUNCTION latchkey_api.changed_link_attempts IS
    'Which of these attempts no longer have the status that was seen of them, or are gone; raises nothing';

COMMIT;
