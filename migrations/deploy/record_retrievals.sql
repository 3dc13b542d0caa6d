-- Deploy latchkey:record_retrievals to pg
-- requires: documents
-- requires: webhook_deliveries
-- requires: link_attempts
--
-- What a collector asks of the database. These functions raise nothing for any argument, NULLs included: the answer is
-- an outcome. invalid_argument is one that latchkeyd, which checks what it is sent, does not come to see.
--
-- Locks are taken in one order, the user's row before the retrieval's: then finish_retrieval and erase_user_data wait
-- for each other, and a user that is erased stays without documents. An attempt's row is the last, except where its
-- retrieval is not there yet.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey.authenticate_collector(
    p_key_hashes     bytea[],  -- of the key that was sent, one for each hash key in use
    OUT outcome      text,     -- ok, unknown_collector, disabled_collector
    OUT collector_id uuid
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_active boolean;
BEGIN
    SELECT c.id, c.active
      INTO collector_id, v_active
      FROM latchkey.collectors AS c
     WHERE c.key_hash = ANY (p_key_hashes);

    outcome := CASE
        WHEN v_active IS NULL THEN 'unknown_collector'
        WHEN NOT v_active     THEN 'disabled_collector'
        ELSE 'ok'
    END;
END
$$;

COMMENT ON FUNCTION latchkey.authenticate_collector IS
    'Which collector a key belongs to; called by the functions that collectors use';

CREATE FUNCTION latchkey_api.begin_retrieval(
    p_key_hashes      bytea[],      -- of the collector's key, one for each hash key in use
    p_mode            text,         -- production or sandbox
    p_retrieval_id    uuid,         -- the same one when the same call is tried again
    p_client_app_id   uuid,         -- of the access token that was sent; NULL: it was not valid, or a state was sent
    p_user_id         uuid,
    p_platform        text,
    p_tax_year        integer,
    p_request_id      text,         -- stored with the retrieval
    p_token_id        uuid,         -- the access token's jti; NULL with a state
    p_attempt_id      uuid,         -- the state's jti, whose attempt says whose user, which platform and year; or NULL
    OUT outcome       text,         -- ok, or why not, by the first row of CASE that applies
    OUT collector_id  uuid,         -- NULL: the key is not known
    OUT created_at    timestamptz,  -- NULL unless ok, and so the others, but for client_app_id
    OUT retrieval_id  uuid,         -- p_retrieval_id, or the retrieval that was begun for the attempt before
    OUT client_app_id uuid,         -- NULL: the user is not known
    OUT platform      text,
    OUT tax_year      integer
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now  CONSTANT timestamptz   := clock_timestamp();
    v_mode CONSTANT latchkey.mode := CASE WHEN p_mode IN ('production', 'sandbox') THEN p_mode END;
    v_collector_id   uuid;
    v_app_id         uuid    := p_client_app_id;
    v_user_id        uuid    := p_user_id;
    v_platform       text    := p_platform;
    v_tax_year       integer := p_tax_year;
    v_token_id       uuid    := p_token_id;
    v_known          boolean;
    v_platform_known boolean;
    v_status         text;
    v_retrieval_id   uuid;
    v_webhook_url    text;
    v_metadata       text;
BEGIN
    SELECT c.outcome, c.collector_id
      INTO outcome, v_collector_id
      FROM latchkey.authenticate_collector(p_key_hashes) AS c;
    collector_id := v_collector_id;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    IF p_attempt_id IS NOT NULL THEN
        SELECT a.client_app_id, a.user_id, a.platform, a.tax_year, a.token_id
          INTO v_app_id, v_user_id, v_platform, v_tax_year, v_token_id
          FROM latchkey.link_attempts AS a
         WHERE a.id = p_attempt_id
           AND a.mode = v_mode;
    END IF;

    -- Shared with other beginnings, but not with an erasure: that waits for this, or this for that.
    PERFORM
       FROM latchkey.users AS u
       JOIN latchkey.client_apps AS a ON a.id = u.client_app_id
      WHERE u.client_app_id = v_app_id
        AND u.id = v_user_id
        AND u.mode = v_mode
        AND u.erased_at IS NULL
        AND a.active
        FOR SHARE OF u;
    v_known := FOUND;

    -- Of calls for the same attempt one goes on. What it began is nobody else's; a revoked token begins nothing.
    IF v_known AND p_attempt_id IS NOT NULL THEN
        SELECT a.status, a.retrieval_id
          INTO v_status, v_retrieval_id
          FROM latchkey.link_attempts AS a
         WHERE a.id = p_attempt_id
           FOR NO KEY UPDATE;
        v_known := FOUND
               AND (v_retrieval_id IS NULL
                    OR EXISTS (SELECT
                                 FROM latchkey.retrievals AS r
                                WHERE r.id = v_retrieval_id
                                  AND r.collector_id = v_collector_id))
               AND NOT EXISTS (SELECT
                                 FROM latchkey.revoked_tokens AS t
                                WHERE t.token_id = replace(v_token_id::text, '-', ''));
    END IF;

    v_platform_known := EXISTS (
        SELECT
          FROM latchkey.platforms AS p
         WHERE p.id = v_platform
           AND p.active
           AND CASE v_mode WHEN 'production' THEN p.production ELSE p.sandbox END);

    outcome := CASE
        WHEN NOT v_known                                      THEN 'invalid_token'
        WHEN v_status IN ('success', 'failure')               THEN 'finished_retrieval'
        WHEN NOT v_platform_known                             THEN 'unknown_platform'
        WHEN p_retrieval_id IS NULL                           THEN 'invalid_argument'
        WHEN (v_tax_year BETWEEN 1900 AND 9999) IS NOT TRUE   THEN 'invalid_argument'
        ELSE 'ok'
    END;
    IF outcome <> 'invalid_token' THEN
        client_app_id := v_app_id;
    END IF;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    IF v_retrieval_id IS NULL THEN
        v_retrieval_id := p_retrieval_id;

        SELECT t.webhook_url, CASE WHEN p_attempt_id IS NOT NULL THEN t.metadata END
          INTO v_webhook_url, v_metadata
          FROM latchkey.link_tokens AS t
         WHERE t.id = v_token_id
           AND t.client_app_id = v_app_id
           AND t.user_id = v_user_id;

        INSERT INTO latchkey.retrievals (id, collector_id, client_app_id, user_id, mode, platform, tax_year,
                                         created_at, webhook_url, request_id, attempt_id, link_metadata)
        VALUES (v_retrieval_id, v_collector_id, v_app_id, v_user_id, v_mode, v_platform, v_tax_year, v_now,
                v_webhook_url, CASE WHEN p_request_id ~ '^[A-Za-z0-9._-]{1,64}$' THEN p_request_id END, p_attempt_id,
                v_metadata)
        ON CONFLICT (id) DO NOTHING;
        IF FOUND THEN
            UPDATE latchkey.link_attempts AS a
               SET status = 'working', retrieval_id = v_retrieval_id
             WHERE a.id = p_attempt_id;
        END IF;
    END IF;

    -- Also when the same call is tried again. An id that is there for anything else is none of a new retrieval.
    SELECT r.created_at, r.id, r.platform, r.tax_year
      INTO created_at, retrieval_id, platform, tax_year
      FROM latchkey.retrievals AS r
     WHERE r.id = v_retrieval_id
       AND r.collector_id = v_collector_id
       AND r.client_app_id = v_app_id
       AND r.user_id = v_user_id
       AND r.platform = v_platform
       AND r.tax_year = v_tax_year
       AND r.attempt_id IS NOT DISTINCT FROM p_attempt_id;
    IF NOT FOUND THEN
        outcome := 'invalid_argument';
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey_api.begin_retrieval IS
    'Begins a retrieval for the user of a token or for an attempt in the link modal, which then is working. '
    'One row, always; raises nothing';

CREATE FUNCTION latchkey.check_upload(
    p_key_hashes      bytea[],
    p_mode            text,
    p_retrieval_id    uuid,
    p_file_name       text,
    p_size            bigint,
    p_maximum_files   integer,
    p_maximum_bytes   bigint,
    p_lock            boolean,  -- true: keeps the retrieval open, and other uploads out, to the end of the transaction
    OUT outcome       text,
    OUT client_app_id uuid
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_collector_id uuid;
    v_status       text;
    v_living       boolean;
    v_files        bigint;
    v_bytes        numeric;
BEGIN
    SELECT c.outcome, c.collector_id
      INTO outcome, v_collector_id
      FROM latchkey.authenticate_collector(p_key_hashes) AS c;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    IF p_lock THEN
        PERFORM FROM latchkey.retrievals AS r WHERE r.id = p_retrieval_id FOR NO KEY UPDATE;
    END IF;

    SELECT r.client_app_id, r.status, u.erased_at IS NULL
      INTO client_app_id, v_status, v_living
      FROM latchkey.retrievals AS r
      JOIN latchkey.users AS u ON u.client_app_id = r.client_app_id AND u.id = r.user_id
     WHERE r.id = p_retrieval_id
       AND r.collector_id = v_collector_id
       AND r.mode::text = p_mode;

    SELECT count(*), COALESCE(sum(f.size), 0)
      INTO v_files, v_bytes
      FROM latchkey.retrieval_files AS f
     WHERE f.retrieval_id = p_retrieval_id
       AND f.file_name <> p_file_name;

    outcome := CASE
        WHEN v_status IS NULL OR NOT v_living OR v_status = 'abandoned' THEN 'unknown_retrieval'
        WHEN v_status <> 'open'                                         THEN 'finished_retrieval'
        WHEN v_files + 1 <= p_maximum_files AND v_bytes + p_size <= p_maximum_bytes THEN 'ok'
        ELSE 'over_quota'  -- also where an argument is NULL
    END;
    IF outcome = 'unknown_retrieval' THEN
        client_app_id := NULL;
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey.check_upload IS
    'Whether a retrieval takes a file of this name and size; called by authorize_upload and record_file';

CREATE FUNCTION latchkey_api.authorize_upload(
    p_key_hashes      bytea[],
    p_mode            text,
    p_retrieval_id    uuid,
    p_file_name       text,
    p_size            bigint,
    p_maximum_files   integer,  -- that the retrieval may hold
    p_maximum_bytes   bigint,   -- that its files may have in all; one that is replaced does not count
    OUT outcome       text,     -- ok, or why not: see check_upload
    OUT client_app_id uuid
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT c.outcome, c.client_app_id
      INTO outcome, client_app_id
      FROM latchkey.check_upload(p_key_hashes, p_mode, p_retrieval_id, p_file_name, p_size, p_maximum_files,
                                 p_maximum_bytes, false) AS c;
END
$$;

COMMENT ON FUNCTION latchkey_api.authorize_upload IS
    'Whether an upload may begin, before its bytes are read. One row, always; raises nothing, writes nothing';

CREATE FUNCTION latchkey_api.record_file(
    p_key_hashes    bytea[],
    p_mode          text,
    p_retrieval_id  uuid,
    p_file_id       uuid,
    p_file_name     text,
    p_content_type  text,
    p_size          bigint,
    p_sha256        bytea,
    p_maximum_files integer,
    p_maximum_bytes bigint,
    OUT outcome     text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT c.outcome
      INTO outcome
      FROM latchkey.check_upload(p_key_hashes, p_mode, p_retrieval_id, p_file_name, p_size, p_maximum_files,
                                 p_maximum_bytes, true) AS c;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    INSERT INTO latchkey.retrieval_files AS f (retrieval_id, file_name, file_id, content_type, size, sha256, stored_at)
    VALUES (p_retrieval_id, p_file_name, p_file_id, p_content_type, p_size, p_sha256, clock_timestamp())
    ON CONFLICT (retrieval_id, file_name) DO UPDATE
        SET file_id = excluded.file_id, content_type = excluded.content_type, size = excluded.size,
            sha256 = excluded.sha256, stored_at = excluded.stored_at;
EXCEPTION WHEN check_violation OR not_null_violation OR unique_violation THEN
    outcome := 'invalid_argument';
END
$$;

COMMENT ON FUNCTION latchkey_api.record_file IS
    'Records a file whose content is in the store; one of the same name is replaced. One row, always; raises nothing';

CREATE FUNCTION latchkey_api.is_content_referenced(p_sha256 bytea)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- One statement, hence one moment: a file that becomes a document meanwhile is seen as one or the other.
    RETURN EXISTS (SELECT FROM latchkey.documents AS d WHERE d.sha256 = p_sha256)
        OR EXISTS (SELECT FROM latchkey.retrieval_files AS f WHERE f.sha256 = p_sha256);
END
$$;

COMMENT ON FUNCTION latchkey_api.is_content_referenced IS
    'Whether a document or a file of an open retrieval has this content, so that the store must keep it';

CREATE FUNCTION latchkey_api.finish_retrieval(
    p_key_hashes       bytea[],
    p_mode             text,
    p_retrieval_id     uuid,
    p_status           text,     -- success or failure
    p_metadata         text,     -- a JSON object, kept as it is written
    p_delivery_id      uuid,     -- the id of the announcement, if there is one
    OUT outcome        text,     -- ok, or why not
    OUT client_app_id  uuid,     -- these: NULL unless ok or other_status
    OUT status         text,
    OUT platform       text,
    OUT tax_year       integer,
    OUT document_count integer,
    OUT finished_at    timestamptz
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_collector_id uuid;
    v_now          timestamptz;
    v_retrieval    latchkey.retrievals;
    v_documents    uuid[];
    v_url          text;
BEGIN
    SELECT c.outcome, c.collector_id
      INTO outcome, v_collector_id
      FROM latchkey.authenticate_collector(p_key_hashes) AS c;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;

    -- Of calls for the same user one goes on, so that each counts what those before it have published.
    PERFORM
       FROM latchkey.retrievals AS r
       JOIN latchkey.users AS u ON u.client_app_id = r.client_app_id AND u.id = r.user_id
      WHERE r.id = p_retrieval_id
        AND r.collector_id = v_collector_id
        AND r.mode::text = p_mode
        AND u.erased_at IS NULL
        FOR NO KEY UPDATE OF u;
    IF FOUND THEN
        SELECT *
          INTO v_retrieval
          FROM latchkey.retrievals AS r
         WHERE r.id = p_retrieval_id
           FOR NO KEY UPDATE;
    END IF;
    v_now := clock_timestamp();

    outcome := CASE
        WHEN v_retrieval.id IS NULL OR v_retrieval.status = 'abandoned'             THEN 'unknown_retrieval'
        WHEN p_status IS NULL OR p_status NOT IN ('success', 'failure')             THEN 'invalid_argument'
        WHEN v_retrieval.status = p_status                                          THEN 'ok'
        WHEN v_retrieval.status <> 'open'                                           THEN 'other_status'
        WHEN p_delivery_id IS NULL OR p_metadata IS NULL                            THEN 'invalid_argument'
        WHEN octet_length(p_metadata) NOT BETWEEN 2 AND 16384
             OR left(p_metadata, 1) <> '{' OR right(p_metadata, 1) <> '}'           THEN 'invalid_argument'
        WHEN EXISTS (SELECT FROM latchkey.webhook_deliveries AS d WHERE d.id = p_delivery_id) THEN 'invalid_argument'
        ELSE 'ok'
    END;
    IF outcome NOT IN ('ok', 'other_status') THEN
        RETURN;
    END IF;

    client_app_id  := v_retrieval.client_app_id;
    platform       := v_retrieval.platform;
    tax_year       := v_retrieval.tax_year;
    status         := v_retrieval.status;
    document_count := v_retrieval.document_count;
    finished_at    := v_retrieval.finished_at;
    IF status <> 'open' THEN
        RETURN;
    END IF;

    IF p_status = 'success' THEN
        WITH published AS (
            INSERT INTO latchkey.documents AS d (client_app_id, user_id, id, tax_year, file_name, platform,
                                                 content_type, size, sha256, retrieval_id, created_at, retrieved_at)
            SELECT v_retrieval.client_app_id, v_retrieval.user_id, f.file_id, v_retrieval.tax_year, f.file_name,
                   v_retrieval.platform, f.content_type, f.size, f.sha256, p_retrieval_id, v_now, v_now
              FROM latchkey.retrieval_files AS f
             WHERE f.retrieval_id = p_retrieval_id
            ON CONFLICT (client_app_id, user_id, year_order, file_name, platform) DO UPDATE
                SET content_type = excluded.content_type, size = excluded.size, sha256 = excluded.sha256,
                    retrieval_id = excluded.retrieval_id, retrieved_at = excluded.retrieved_at
            RETURNING d.id, d.file_name
        )
        SELECT COALESCE(array_agg(p.id ORDER BY p.file_name), '{}')
          INTO v_documents
          FROM published AS p;

        INSERT INTO latchkey.platform_links (client_app_id, user_id, platform, tax_year, platform_name, last_used_at,
                                             document_count)
        SELECT v_retrieval.client_app_id, v_retrieval.user_id, v_retrieval.platform, v_retrieval.tax_year, p.name,
               v_now,
               (SELECT count(*)
                  FROM latchkey.documents AS d
                 WHERE d.client_app_id = v_retrieval.client_app_id
                   AND d.user_id = v_retrieval.user_id
                   AND d.year_order = -v_retrieval.tax_year
                   AND d.platform = v_retrieval.platform)
          FROM latchkey.platforms AS p
         WHERE p.id = v_retrieval.platform
        ON CONFLICT (client_app_id, user_id, platform, tax_year) DO UPDATE
            SET platform_name = excluded.platform_name, last_used_at = excluded.last_used_at,
                document_count = excluded.document_count;
    END IF;

    DELETE FROM latchkey.retrieval_files AS f WHERE f.retrieval_id = p_retrieval_id;

    status         := p_status;
    document_count := COALESCE(cardinality(v_documents), 0);
    finished_at    := v_now;
    UPDATE latchkey.retrievals AS r
       SET status = p_status, finished_at = v_now, metadata = p_metadata,
           document_count = COALESCE(cardinality(v_documents), 0)
     WHERE r.id = p_retrieval_id;

    UPDATE latchkey.link_attempts AS a
       SET status = p_status, document_ids = v_documents, finished_at = v_now
     WHERE a.id = v_retrieval.attempt_id;

    SELECT COALESCE(v_retrieval.webhook_url, a.webhook_url)
      INTO v_url
      FROM latchkey.client_apps AS a
     WHERE a.id = v_retrieval.client_app_id;
    IF v_url IS NOT NULL THEN
        INSERT INTO latchkey.webhook_deliveries (id, client_app_id, user_id, mode, retrieval_id, kind, url,
                                                 next_attempt_at, created_at, queued_at, document_ids, status, metadata,
                                                 number, retrieval_created_at)
        VALUES (p_delivery_id, v_retrieval.client_app_id, v_retrieval.user_id, v_retrieval.mode, p_retrieval_id,
                'retrieval', v_retrieval.webhook_url, v_now, v_now, v_now, COALESCE(v_documents, '{}'), p_status,
                COALESCE(v_retrieval.link_metadata, p_metadata), v_retrieval.number, v_retrieval.created_at);
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey_api.finish_retrieval IS
    'Publishes what a retrieval brought and queues its announcement. One row, always; raises nothing';

COMMIT;
