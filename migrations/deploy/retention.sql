-- Deploy latchkey:retention to pg
-- requires: maintain
-- requires: record_act
-- requires: documents
-- requires: webhook_deliveries
-- requires: webhook_secrets
-- requires: link_attempts
--
-- What `latchkey maintenance run` calls, in turns, until each says 0. A call takes few rows and leaves alone what
-- others hold, so it keeps nobody waiting.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.abandon_retrievals(p_older_than interval, p_at_most integer)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_abandoned uuid[];
BEGIN
    WITH abandoned AS (
        UPDATE latchkey.retrievals AS r
           SET status = 'abandoned', finished_at = now()
         WHERE r.id = ANY (ARRAY(SELECT old.id
                                   FROM latchkey.retrievals AS old
                                  WHERE old.status = 'open'
                                    AND old.created_at <= now() - p_older_than
                                  ORDER BY old.created_at
                                  LIMIT p_at_most
                                    FOR UPDATE SKIP LOCKED))
        RETURNING r.id
    )
    SELECT array_agg(a.id) INTO v_abandoned FROM abandoned AS a;

    DELETE FROM latchkey.retrieval_files AS f
     WHERE f.retrieval_id = ANY (v_abandoned);

    UPDATE latchkey.link_attempts AS a
       SET status = 'failure', finished_at = now()
      FROM latchkey.retrievals AS r
     WHERE r.id = ANY (v_abandoned)
       AND a.id = r.attempt_id;

    RETURN COALESCE(cardinality(v_abandoned), 0);
END
$$;

COMMENT ON FUNCTION latchkey_admin.abandon_retrievals IS
    'Gives up retrievals that are open for longer, and forgets their files; attempts of the link modal that they were '
    'begun for have failed; returns how many';

CREATE FUNCTION latchkey_admin.remove_retrievals(p_older_than interval, p_at_most integer)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_removed bigint;
BEGIN
    DELETE FROM latchkey.retrievals AS r
     WHERE r.id = ANY (ARRAY(SELECT old.id
                               FROM latchkey.retrievals AS old
                              WHERE old.status <> 'open'
                                AND old.finished_at <= now() - p_older_than
                              ORDER BY old.finished_at
                              LIMIT p_at_most
                                FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    RETURN v_removed;
END
$$;

COMMENT ON FUNCTION latchkey_admin.remove_retrievals IS
    'Removes retrievals that were finished or abandoned so long ago; documents stay; returns how many';

CREATE FUNCTION latchkey_admin.remove_deliveries(p_older_than interval, p_at_most integer)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_removed bigint;
BEGIN
    DELETE FROM latchkey.webhook_deliveries AS d
     WHERE d.id = ANY (ARRAY(SELECT old.id
                               FROM latchkey.webhook_deliveries AS old
                              WHERE old.state <> 'pending'
                                AND old.last_attempt_at <= now() - p_older_than
                              ORDER BY old.last_attempt_at
                              LIMIT p_at_most
                                FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_removed = ROW_COUNT;
    RETURN v_removed;
END
$$;

COMMENT ON FUNCTION latchkey_admin.remove_deliveries IS
    'Removes deliveries, delivered or dead, whose latest attempt is so long ago; returns how many';

CREATE FUNCTION latchkey_admin.remove_expired(p_at_most integer)
RETURNS TABLE (task text, done bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tokens uuid[];
BEGIN
    RETURN QUERY
    SELECT m.task, m.done FROM latchkey.maintain(p_at_most) AS m;

    DELETE FROM latchkey.webhook_secrets AS s
     WHERE s.ctid = ANY (ARRAY(SELECT expired.ctid
                                 FROM latchkey.webhook_secrets AS expired
                                WHERE expired.expires_at <= now()
                                LIMIT p_at_most
                                  FOR UPDATE SKIP LOCKED));
    task := 'expired webhook secrets removed';
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN NEXT;

    -- A day is enough for what was begun at the end of a session.
    v_tokens := ARRAY(SELECT expired.id
                        FROM latchkey.link_tokens AS expired
                       WHERE expired.expires_at <= now() - interval '1 day'
                         AND (expired.session_expires_at IS NULL
                              OR expired.session_expires_at <= now() - interval '1 day')
                       LIMIT p_at_most
                         FOR UPDATE SKIP LOCKED);
    DELETE FROM latchkey.link_attempts AS a
     WHERE a.token_id = ANY (v_tokens);
    DELETE FROM latchkey.link_tokens AS t
     WHERE t.id = ANY (v_tokens);
    task := 'expired link tokens removed';
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION latchkey_admin.remove_expired IS
    'latchkey.maintain, and the same for webhook secrets and for link tokens, whose attempts go with them: '
    'at most so many expired rows a table';

CREATE FUNCTION latchkey_admin.drop_audit_partitions(p_actor text, p_keep_months integer)
RETURNS SETOF text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_oldest CONSTANT text := to_char(now() AT TIME ZONE 'UTC' - LEAST(p_keep_months, 12000) * interval '1 month',
                                      'YYYY_MM');
    v_name   text;
BEGIN
    IF p_keep_months IS NULL OR p_keep_months < 3 THEN
        RAISE EXCEPTION 'p_keep_months must be 3 or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR v_name IN
        SELECT c.relname
          FROM pg_catalog.pg_inherits AS i
          JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'latchkey.audit_log'::regclass
           AND c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
           AND right(c.relname, 7) < v_oldest
         ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE latchkey.%I', v_name);
        PERFORM latchkey_admin.record_act(p_actor, 'audit.drop', 'table:' || v_name, NULL);
        RETURN NEXT v_name;
    END LOOP;
END
$$;

COMMENT ON FUNCTION latchkey_admin.drop_audit_partitions IS
    'Drops the audit log''s partitions of months before this and the so many before it; returns their names';

COMMIT;
