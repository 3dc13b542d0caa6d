-- Deploy latchkey:prior_year to pg
-- requires: documents

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- Each of the two lists is one scan of one index from one place on: see latchkey:documents. The place is that of the
-- row answered last, or the beginning of the first year that is asked for. File and platform names are never empty, so
-- that ('', '') is before them all.
--
-- enable_sort is off, since a plan made while the tables were tiny, and kept, might read all of a user and sort it.
CREATE FUNCTION latchkey_api.prior_year(
    p_client_app_id     uuid,
    p_user_id           uuid,
    p_tax_year          integer,  -- NULL: all before the current one (UTC)
    p_platform_limit    integer,  -- 0: none
    p_platform_year     integer,  -- position behind which platforms begin; NULL: at the beginning
    p_platform_name     text,
    p_platform_id       text,
    p_document_limit    integer,  -- 0: none
    p_document_year     integer,  -- position behind which documents begin; NULL: at the beginning
    p_document_name     text,
    p_document_platform text
)
RETURNS TABLE (
    kind           text,         -- platform: these come first; or document
    platform       text,
    name           text,         -- of the platform, or of the file
    tax_year       integer,
    last_used_at   timestamptz,  -- of a platform, and so the next
    document_count integer,
    document_id    uuid,         -- of a document, and so the next two
    content_type   text,
    size           bigint
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
    -- bigint, so that no argument is too large to be negated
    v_this_year     CONSTANT integer := extract(year FROM clock_timestamp() AT TIME ZONE 'UTC');
    v_first         CONSTANT bigint  := -COALESCE(p_tax_year, v_this_year - 1)::bigint;
    v_last          CONSTANT bigint  := CASE WHEN p_tax_year IS NULL THEN 0 ELSE v_first END;
    v_platform_year CONSTANT bigint  := -p_platform_year::bigint;
    v_document_year CONSTANT bigint  := -p_document_year::bigint;
    v_year          bigint;
    v_name          text;
    v_platform      text;
BEGIN
    IF p_platform_limit > 0 THEN
        v_year := v_first;
        v_name := '';
        v_platform := '';
        IF v_platform_year >= v_first THEN
            v_year := v_platform_year;
            v_name := COALESCE(p_platform_name, '');
            v_platform := COALESCE(p_platform_id, '');
        END IF;

        RETURN QUERY
        SELECT 'platform', l.platform, l.platform_name, -l.year_order, l.last_used_at, l.document_count, NULL::uuid,
               NULL::text, NULL::bigint
          FROM latchkey.platform_links AS l
         WHERE l.client_app_id = p_client_app_id
           AND l.user_id = p_user_id
           AND (l.year_order, l.platform_name, l.platform) > (v_year, v_name, v_platform)
           AND l.year_order <= v_last
         ORDER BY l.year_order, l.platform_name, l.platform
         LIMIT p_platform_limit;
    END IF;

    IF p_document_limit > 0 THEN
        v_year := v_first;
        v_name := '';
        v_platform := '';
        IF v_document_year >= v_first THEN
            v_year := v_document_year;
            v_name := COALESCE(p_document_name, '');
            v_platform := COALESCE(p_document_platform, '');
        END IF;

        RETURN QUERY
        SELECT 'document', d.platform, d.file_name, -d.year_order, NULL::timestamptz, NULL::integer, d.id,
               d.content_type, d.size
          FROM latchkey.documents AS d
         WHERE d.client_app_id = p_client_app_id
           AND d.user_id = p_user_id
           AND (d.year_order, d.file_name, d.platform) > (v_year, v_name, v_platform)
           AND d.year_order <= v_last
         ORDER BY d.year_order, d.file_name, d.platform
         LIMIT p_document_limit;
    END IF;
END
$$;

COMMENT ON FUNCTION latchkey_api.prior_year IS
    'A page of the platforms and documents of a user: newest tax year first, then by name in byte order';

CREATE FUNCTION latchkey_api.document_content(
    p_client_app_id uuid,
    p_user_id       uuid,
    p_document_id   uuid,
    p_mode          text
)
RETURNS TABLE (sha256 bytea, file_name text, content_type text, size bigint)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT d.sha256, d.file_name, d.content_type, d.size
      FROM latchkey.documents AS d
      JOIN latchkey.users AS u ON u.client_app_id = d.client_app_id AND u.id = d.user_id
      JOIN latchkey.client_apps AS a ON a.id = d.client_app_id
     WHERE d.client_app_id = p_client_app_id
       AND d.user_id = p_user_id
       AND d.id = p_document_id
       AND u.mode::text = p_mode
       AND u.erased_at IS NULL
       AND a.active;
END
$$;

COMMENT ON FUNCTION latchkey_api.document_content IS
    'Where the content of a document is; no row: it or its user is gone, or the client app is disabled';

COMMIT;
