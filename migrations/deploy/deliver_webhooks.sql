-- Deploy latchkey:deliver_webhooks to pg
-- requires: delivery_schema
-- requires: documents
-- requires: webhook_deliveries
-- requires: webhook_secrets
--
-- What latchkey-webhooks asks of the database; any number of instances may. These functions raise nothing for any
-- argument, NULLs included.

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- Claims come one after the other, by a lock that only they take, so that each counts what those before it have
-- claimed. Their rows they take with SKIP LOCKED: they never wait for one that is being settled, replayed or erased.
--
-- Who comes first: an app with fewer attempts under way, then the one that has waited for its turn the longest. So with
-- however many apps, slow receivers and old deliveries, each app gets its turn.
--
-- An attempt that fails may take all the time it is given, one that is taken hardly any. So the caller bounds those
-- that go where the last one failed: however many receivers are dead, the rest of its attempts is for the others.
--
-- Its rows go out before its transaction, and with it the lock, ends. So it returns next to nothing, in rows and bytes:
-- that fits the server's own buffer of 8 kB, and a client that stalls keeps nobody waiting. The rest is for read.
CREATE FUNCTION latchkey_delivery.claim(
    p_limit   integer,   -- at most so many, and at most 100
    p_per_app integer,   -- at most so many under way for one app, those claimed before included
    p_failing integer,   -- of p_limit, at most so many for apps with failures
    p_lease   interval   -- after which a delivery that was not settled is due again
)
RETURNS TABLE (
    delivery_id uuid,
    attempt     integer,  -- to be handed to read, and to settle or release
    counted     integer   -- which attempt it is for the schedule: 1 for the first since the delivery was queued
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz;
    v_due uuid[];
BEGIN
    IF (p_limit > 0 AND p_per_app > 0 AND p_failing >= 0 AND p_lease > interval '0') IS NOT TRUE THEN
        RETURN;
    END IF;

    PERFORM pg_advisory_xact_lock('latchkey.webhook_deliveries'::regclass::oid::bigint);
    v_now := clock_timestamp();

    WITH RECURSIVE app (id) AS (
        -- The apps with something to be sent: from one to the next by the index, however much each of them has.
        (SELECT d.client_app_id
           FROM latchkey.webhook_deliveries AS d
          WHERE d.state = 'pending'
          ORDER BY d.client_app_id
          LIMIT 1)
        UNION ALL
        SELECT following.id
          FROM app
         CROSS JOIN LATERAL (SELECT d.client_app_id AS id
                               FROM latchkey.webhook_deliveries AS d
                              WHERE d.state = 'pending'
                                AND d.client_app_id > app.id
                              ORDER BY d.client_app_id
                              LIMIT 1) AS following
    ), due AS (
        SELECT oldest.id, oldest.next_attempt_at, e.claimed_at, COALESCE(e.consecutive_failures, 0) > 0 AS fails,
               under_way.number + row_number() OVER (PARTITION BY app.id ORDER BY oldest.next_attempt_at) AS place
          FROM app
          JOIN latchkey.client_apps AS a ON a.id = app.id
          LEFT JOIN latchkey.webhook_endpoints AS e ON e.client_app_id = app.id
         CROSS JOIN LATERAL (SELECT count(*) AS number
                               FROM latchkey.webhook_deliveries AS d
                              WHERE d.client_app_id = app.id
                                AND d.claimed_until > v_now) AS under_way
         CROSS JOIN LATERAL (SELECT d.id, d.next_attempt_at
                               FROM latchkey.webhook_deliveries AS d
                              WHERE d.client_app_id = app.id
                                AND d.state = 'pending'
                                AND d.next_attempt_at <= v_now
                                AND (d.claimed_until IS NULL OR d.claimed_until <= v_now)
                              ORDER BY d.next_attempt_at
                              LIMIT GREATEST(CASE WHEN e.consecutive_failures > 0 THEN 1 ELSE p_per_app END
                                             - under_way.number, 0)) AS oldest
         WHERE a.active
           AND (e.paused_until IS NULL OR e.paused_until <= v_now)
    )
    SELECT array_agg(first.id)
      INTO v_due
      FROM (SELECT ranked.id
              FROM (SELECT due.*, row_number() OVER (PARTITION BY due.fails
                                                     ORDER BY due.place, due.claimed_at NULLS FIRST,
                                                              due.next_attempt_at) AS number
                      FROM due) AS ranked
             WHERE NOT ranked.fails
                OR ranked.number <= p_failing
             ORDER BY ranked.place, ranked.claimed_at NULLS FIRST, ranked.next_attempt_at
             LIMIT LEAST(p_limit, 100)) AS first;

    RETURN QUERY
    WITH claimed AS (
        UPDATE latchkey.webhook_deliveries AS d
           SET claimed_until = v_now + LEAST(p_lease, interval '1 day'), attempts = d.attempts + 1,
               last_attempt_at = v_now
         WHERE d.id = ANY (ARRAY(SELECT free.id
                                   FROM latchkey.webhook_deliveries AS free
                                  WHERE free.id = ANY (v_due)
                                    AND free.state = 'pending'
                                    FOR UPDATE SKIP LOCKED))
        RETURNING d.*
    ), turn AS (
        INSERT INTO latchkey.webhook_endpoints AS e (client_app_id, claimed_at)
        SELECT DISTINCT claimed.client_app_id, v_now
          FROM claimed
        ON CONFLICT (client_app_id) DO UPDATE SET claimed_at = excluded.claimed_at
    )
    SELECT c.id, c.attempts, c.attempts - c.attempts_uncounted
      FROM claimed AS c;
END
$$;

COMMENT ON FUNCTION latchkey_delivery.claim IS
    'Takes deliveries that are due, for an attempt each, so that no other instance sends them meanwhile';

CREATE FUNCTION latchkey_delivery.read(
    p_delivery_ids uuid[],
    p_attempts     integer[]  -- of each, as claim said
)
RETURNS TABLE (
    delivery_id   uuid,
    kind          text,
    client_app_id uuid,
    user_id       uuid,
    mode          text,
    url           text,         -- NULL: the app has none any more
    number        bigint,
    status        text,
    metadata      text,
    created_at    timestamptz,  -- of the retrieval
    queued_at     timestamptz,
    files         text,         -- JSON: [{"id", "file_name", "size"}, ...], the documents that still are there
    secrets       text,         -- JSON: [{"id", "kid"}, ...], those that have not expired, newest first
    failures      integer       -- of the app: attempts that failed since one succeeded
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.id, d.kind, d.client_app_id, d.user_id, d.mode::text, COALESCE(d.url, a.webhook_url), d.number, d.status,
           d.metadata, d.retrieval_created_at, d.queued_at,
           (SELECT COALESCE(json_agg(json_build_object('id', f.id, 'file_name', f.file_name, 'size', f.size)
                                     ORDER BY f.file_name), '[]')::text
              FROM latchkey.documents AS f
             WHERE f.client_app_id = d.client_app_id
               AND f.user_id = d.user_id
               AND f.id = ANY (d.document_ids)),
           (SELECT COALESCE(json_agg(json_build_object('id', s.id, 'kid', s.kid)
                                     ORDER BY s.created_at DESC, s.id DESC), '[]')::text
              FROM latchkey.webhook_secrets AS s
             WHERE s.client_app_id = d.client_app_id
               AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())),
           COALESCE(e.consecutive_failures, 0)
      FROM unnest(p_delivery_ids, p_attempts) AS claimed (id, attempt)
      JOIN latchkey.webhook_deliveries AS d ON d.id = claimed.id
                                           AND d.attempts = claimed.attempt
                                           AND d.claimed_until IS NOT NULL
      JOIN latchkey.client_apps AS a ON a.id = d.client_app_id
      LEFT JOIN latchkey.webhook_endpoints AS e ON e.client_app_id = d.client_app_id
$$;

COMMENT ON FUNCTION latchkey_delivery.read IS
    'What is to be sent, of deliveries that were claimed; not of those that are gone, or whose next attempt has begun';

CREATE FUNCTION latchkey_delivery.settle(
    p_delivery_id uuid,
    p_attempt     integer,   -- as claim said
    p_outcome     text,      -- delivered, retry, dead
    p_retry_after interval,  -- with retry: until the next attempt; NULL: 30 seconds
    p_http_status integer,   -- NULL: no answer came
    p_error       text,      -- NULL: none
    p_pause       interval   -- with retry: for how long nothing is sent to the app; NULL: no pause
)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_longest CONSTANT interval := '30 days';
    v_now     CONSTANT timestamptz := clock_timestamp();
    v_app_id  uuid;
BEGIN
    -- Where the attempt does not count any more, the delivery has been queued anew since it began. A failure then
    -- leaves it as it was queued, pending and due.
    UPDATE latchkey.webhook_deliveries AS d
       SET state = CASE WHEN p_outcome = 'delivered' THEN p_outcome
                        WHEN p_outcome = 'dead' AND d.attempts > d.attempts_uncounted THEN p_outcome
                        ELSE 'pending' END,
           claimed_until = NULL,
           next_attempt_at = CASE WHEN p_outcome = 'retry' AND d.attempts > d.attempts_uncounted
                                  THEN v_now + LEAST(GREATEST(COALESCE(p_retry_after, interval '30 seconds'),
                                                              interval '0'), c_longest)
                                  ELSE d.next_attempt_at END,
           last_status = CASE WHEN p_http_status BETWEEN 100 AND 999 THEN p_http_status END,
           last_error = left(regexp_replace(p_error, '[[:cntrl:]]', ' ', 'g'), 200)
     WHERE d.id = p_delivery_id
       AND d.attempts = p_attempt
       AND d.claimed_until IS NOT NULL
       AND p_outcome IN ('delivered', 'retry', 'dead')
    RETURNING d.client_app_id INTO v_app_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    INSERT INTO latchkey.webhook_endpoints AS e (client_app_id, consecutive_failures, paused_until)
    VALUES (v_app_id,
            CASE p_outcome WHEN 'delivered' THEN 0 ELSE 1 END,
            CASE WHEN p_outcome = 'retry' AND p_pause > interval '0' THEN v_now + LEAST(p_pause, c_longest) END)
    ON CONFLICT (client_app_id) DO UPDATE
        SET consecutive_failures = CASE p_outcome WHEN 'delivered' THEN 0
                                                  ELSE LEAST(e.consecutive_failures, 999999) + 1 END,
            paused_until = CASE p_outcome WHEN 'delivered' THEN NULL
                                          ELSE COALESCE(excluded.paused_until, e.paused_until) END;
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_delivery.settle IS
    'What came of an attempt; false, and nothing is written: the delivery is gone, or another attempt has begun since';

CREATE FUNCTION latchkey_delivery.release(p_delivery_id uuid, p_attempt integer)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE latchkey.webhook_deliveries AS d
       SET claimed_until = NULL, attempts_uncounted = LEAST(d.attempts_uncounted + 1, d.attempts)
     WHERE d.id = p_delivery_id
       AND d.attempts = p_attempt
       AND d.claimed_until IS NOT NULL;
    RETURN FOUND;
END
$$;

COMMENT ON FUNCTION latchkey_delivery.release IS
    'The attempt did not take place, so it does not count, and the delivery is due as before; false: as with settle';

COMMIT;
