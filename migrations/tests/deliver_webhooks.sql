-- What latchkey-webhooks does: claim, settle, release. Instances side by side: see ../check.
\ir setup.psql

SELECT plan(70);

SELECT pg_temp.make_app(n) FROM generate_series(1, 4) AS n;
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(n), 'https://example.org/' || n)
  FROM generate_series(1, 4) AS n;

-- Delivery N of an app, queued N seconds after midnight.
CREATE FUNCTION pg_temp.queue(p_number integer, p_app integer DEFAULT 1, p_url text DEFAULT NULL)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO latchkey.webhook_deliveries (id, client_app_id, user_id, mode, retrieval_id, kind, url, next_attempt_at,
                                             status, metadata, number, retrieval_created_at, document_ids)
    VALUES (pg_temp.id(p_number), pg_temp.id(p_app), pg_temp.id(101), 'sandbox', pg_temp.id(7), 'retrieval', p_url,
            '2026-01-01T00:00:00Z'::timestamptz + p_number * interval '1 second', 'success', '{"a": 1}', 70 + p_number,
            '2026-01-01T00:00:00Z', ARRAY[pg_temp.id(302), pg_temp.id(301), pg_temp.id(309)])
$$;

-- What is claimed: number.attempt of each, by number.
CREATE FUNCTION pg_temp.claims(p_limit integer DEFAULT 100, p_per_app integer DEFAULT 100,
                               p_lease interval DEFAULT '1 minute')
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_webhooks;
    SELECT string_agg(pg_temp.number(c.delivery_id) || '.' || c.attempt, ' ' ORDER BY c.delivery_id)
      INTO v_answer
      FROM latchkey_delivery.claim(p_limit, p_per_app, p_lease) AS c;
    RESET ROLE;
    RETURN v_answer;
END
$$;

CREATE FUNCTION pg_temp.settles(p_number integer, p_attempt integer, p_outcome text,
                                p_retry_after interval DEFAULT NULL, p_status integer DEFAULT NULL,
                                p_error text DEFAULT NULL, p_pause interval DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer boolean;
BEGIN
    SET LOCAL ROLE latchkey_webhooks;
    v_answer := latchkey_delivery.settle(pg_temp.id(p_number), p_attempt, p_outcome, p_retry_after, p_status, p_error,
                                         p_pause);
    RESET ROLE;
    RETURN v_answer;
END
$$;

CREATE FUNCTION pg_temp.lapse()
RETURNS void
LANGUAGE sql
AS $$
    UPDATE latchkey.webhook_deliveries SET claimed_until = clock_timestamp() WHERE claimed_until IS NOT NULL
$$;

CREATE FUNCTION pg_temp.make_due()
RETURNS void
LANGUAGE sql
AS $$
    UPDATE latchkey.webhook_deliveries SET next_attempt_at = '2026-01-01'::timestamptz + number * interval '1 second'
     WHERE state = 'pending'
$$;

-- Empties the tables for the next chapter.
CREATE FUNCTION pg_temp.start_anew()
RETURNS void
LANGUAGE sql
AS $$
    DELETE FROM latchkey.webhook_deliveries;
    DELETE FROM latchkey.webhook_endpoints
$$;

SELECT is(pg_temp.claims(), NULL, 'Where nothing is due, nothing is claimed');

-- Arguments that make no sense claim nothing and raise nothing.
SELECT pg_temp.queue(1);
SELECT is(pg_temp.claims(l, p, e), NULL, format('claim(%s, %s, %s) claims nothing', l, p, e))
  FROM (VALUES (NULL, 1, interval '1 s'), (1, NULL, '1 s'), (1, 1, NULL), (0, 1, '1 s'), (-1, 1, '1 s'),
               (1, 0, '1 s'), (1, 1, '0 s'), (1, 1, '-1 s')) AS arguments (l, p, e);
SELECT is((SELECT attempts FROM latchkey.webhook_deliveries), 0, 'and count nothing');

-- What a claim holds.
INSERT INTO latchkey.documents (client_app_id, user_id, id, tax_year, file_name, platform, content_type, size, sha256,
                                retrieval_id)
SELECT pg_temp.id(app), pg_temp.id(u), pg_temp.id(301 + f), 2020, (ARRAY['b "ü".pdf', 'a.pdf'])[f + 1], 'x', 'a/b',
       10 + f, sha256(''), pg_temp.id(7)
  FROM (VALUES (1, 101, 0), (1, 101, 1), (2, 101, 0), (1, 102, 1)) AS of (app, u, f);
SELECT latchkey_admin.add_webhook_secret('tester', pg_temp.id(1), pg_temp.id(n), 'key-' || n, '1 hour')
  FROM generate_series(401, 403) AS n;
UPDATE latchkey.webhook_secrets SET expires_at = clock_timestamp() WHERE id = pg_temp.id(402);
SELECT results_eq(
    $$ SELECT pg_temp.number(delivery_id), attempt, kind, pg_temp.number(client_app_id), pg_temp.number(user_id), mode,
              url, number, status, metadata, created_at, queued_at = now(), files::jsonb, secrets::jsonb
         FROM latchkey_delivery.claim(1, 1, '1 minute') $$,
    $$ VALUES (1, 1, 'retrieval', 1, 101, 'sandbox', 'https://example.org/1', 71::bigint, 'success', '{"a": 1}',
               '2026-01-01T00:00:00Z'::timestamptz, true,
               jsonb_build_array(jsonb_build_object('id', pg_temp.id(302), 'file_name', 'a.pdf', 'size', 11),
                                 jsonb_build_object('id', pg_temp.id(301), 'file_name', 'b "ü".pdf', 'size', 10)),
               jsonb_build_array(jsonb_build_object('id', pg_temp.id(403), 'kid', 'key-403'),
                                 jsonb_build_object('id', pg_temp.id(401), 'kid', 'key-401'))) $$,
    'The delivery, the documents that still are there by name, the secrets that have not expired, newest first');
SELECT ok(claimed_until BETWEEN clock_timestamp() + interval '50 seconds' AND clock_timestamp() + interval '1 minute'
          AND last_attempt_at <= clock_timestamp(), 'It is claimed for the lease') FROM latchkey.webhook_deliveries;
SELECT is(pg_temp.claims(), NULL, 'and by nobody else meanwhile');
SELECT pg_temp.lapse();
SELECT is(pg_temp.claims(), '1.2', 'A lease that ran out is due again, as another attempt');
SELECT pg_temp.lapse();
SELECT is(pg_temp.claims(p_lease => '200000 years'), '1.3', 'No lease is too long');
SELECT ok(claimed_until < clock_timestamp() + interval '2 days', 'but it is cut short')
  FROM latchkey.webhook_deliveries;
SELECT pg_temp.queue(2, 3, 'https://example.org/own');
SELECT results_eq('SELECT url, files, secrets FROM latchkey_delivery.claim(9, 9, ''1 minute'')',
                  $$ VALUES ('https://example.org/own', '[]', '[]') $$,
                  'A URL of its own; no documents and no secrets are empty arrays');
SELECT pg_temp.queue(3, 2);
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(2), NULL);
SELECT results_eq('SELECT url FROM latchkey_delivery.claim(9, 9, ''1 minute'')', 'VALUES (NULL::text)',
                  'An app that has no URL any more: NULL');
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(2), 'https://example.org/2');

-- What is due.
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(1), pg_temp.queue(2), pg_temp.queue(3);
UPDATE latchkey.webhook_deliveries SET next_attempt_at = clock_timestamp() + interval '1 hour' WHERE id = pg_temp.id(2);
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), false);
SELECT is(pg_temp.claims(), NULL, 'Nothing is sent to a disabled app');
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), true);
INSERT INTO latchkey.webhook_endpoints (client_app_id, paused_until)
VALUES (pg_temp.id(1), clock_timestamp() + interval '1 hour');
SELECT is(pg_temp.claims(), NULL, 'nor to one that is paused');
UPDATE latchkey.webhook_endpoints SET paused_until = clock_timestamp();
SELECT is(pg_temp.claims(), '1.1 3.1', 'After the pause what is due is sent, and nothing else');

-- settle
SELECT ok(NOT pg_temp.settles(1, a, 'delivered'), format('Attempt %s is not the one', a))
  FROM unnest(ARRAY[NULL, 0, 2, -2147483648]) AS a;
SELECT ok(NOT pg_temp.settles(1, 1, o), format('Outcome %s is none', left(o, 20)))
  FROM unnest(ARRAY[NULL, '', 'pending', 'Dead', repeat('d', 100000)]) AS o;
SELECT ok(NOT pg_temp.settles(9, 1, 'delivered'), 'A delivery that is not there is not settled');
SELECT ok(NOT pg_temp.settles(2, 0, 'delivered'), 'nor one that was not claimed');
SELECT ok(pg_temp.settles(1, 1, 'delivered', p_status => 204), 'Delivered');
SELECT results_eq(
    $$ SELECT state, claimed_until, last_status, last_error FROM latchkey.webhook_deliveries
        WHERE id = pg_temp.id(1) $$,
    $$ VALUES ('delivered', NULL::timestamptz, 204, NULL::text) $$, 'It is stored');
SELECT ok(NOT pg_temp.settles(1, 1, 'retry'), 'It is not settled twice');
SELECT ok(pg_temp.settles(3, 1, 'retry', '30 seconds', 500, E'a\nb' || repeat('x', 1000), '2 minutes'),
          'To be tried again');
SELECT results_eq(
    $$ SELECT state, last_status, last_error, attempts,
              next_attempt_at BETWEEN clock_timestamp() + interval '25 seconds'
                                  AND clock_timestamp() + interval '30 seconds'
         FROM latchkey.webhook_deliveries WHERE id = pg_temp.id(3) $$,
    $$ VALUES ('pending', 500, 'a b' || repeat('x', 197), 1, true) $$, 'after that time; the error is cut short');
SELECT results_eq(
    $$ SELECT consecutive_failures, paused_until BETWEEN clock_timestamp() + interval '110 seconds'
                                                     AND clock_timestamp() + interval '2 minutes'
         FROM latchkey.webhook_endpoints $$,
    $$ VALUES (1, true) $$, 'The failure counts, and the app is paused');
SELECT pg_temp.make_due();
SELECT is(pg_temp.claims(), NULL, 'Nothing is sent in the pause');
UPDATE latchkey.webhook_endpoints SET paused_until = clock_timestamp();
SELECT is(pg_temp.claims(), '2.1', 'After a failure one attempt at a time');
SELECT is(pg_temp.claims(), NULL, 'as long as it is under way');
SELECT ok(pg_temp.settles(2, 1, 'dead', '1 day', 410, 'gone', '1 day'), 'Given up');
SELECT is(state, 'dead', 'it is dead') FROM latchkey.webhook_deliveries WHERE id = pg_temp.id(2);
SELECT results_eq('SELECT consecutive_failures, paused_until <= clock_timestamp() FROM latchkey.webhook_endpoints',
                  'VALUES (2, true)', 'which is a failure without a pause');
SELECT is(pg_temp.claims(), '3.2', 'The next attempt');
SELECT pg_temp.lapse();
SELECT ok(pg_temp.settles(3, 2, 'retry', NULL, 99999, NULL, NULL), 'A late one counts while no other has begun');
SELECT ok(last_status IS NULL AND last_error IS NULL
          AND next_attempt_at BETWEEN clock_timestamp() + interval '25 seconds'
                                  AND clock_timestamp() + interval '30 seconds', 'NULLs and odd numbers are borne')
  FROM latchkey.webhook_deliveries WHERE id = pg_temp.id(3);
SELECT pg_temp.make_due();
SELECT is(pg_temp.claims(), '3.3', 'The next attempt');
SELECT pg_temp.lapse();
SELECT is(pg_temp.claims(), '3.4', 'and one more, since it took too long');
SELECT ok(NOT pg_temp.settles(3, 3, 'dead'), 'What the one before has to say does not count any more');
SELECT ok(pg_temp.settles(3, 4, 'delivered'), 'that of the latest does');
SELECT results_eq('SELECT consecutive_failures, paused_until FROM latchkey.webhook_endpoints',
                  'VALUES (0, NULL::timestamptz)', 'A success ends failures and pause');
SELECT pg_temp.queue(4);
SELECT count(pg_temp.claims());
SELECT ok(pg_temp.settles(4, 1, 'retry', '200000 years', NULL, NULL, '200000 years'), 'No time is too long');
SELECT ok(next_attempt_at < clock_timestamp() + interval '31 days', 'but it is cut short')
  FROM latchkey.webhook_deliveries WHERE id = pg_temp.id(4);

-- release
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(1);
SELECT count(pg_temp.claims());
SELECT ok(NOT latchkey_delivery.release(pg_temp.id(n), a), format('release(%s, %s) releases nothing', n, a))
  FROM (VALUES (NULL, NULL), (1, NULL), (1, 2), (1, 0), (9, 1)) AS arguments (n, a);
SELECT ok(latchkey_delivery.release(pg_temp.id(1), 1), 'An attempt that did not take place is released');
SELECT ok(NOT latchkey_delivery.release(pg_temp.id(1), 1), 'once');
SELECT ok(NOT pg_temp.settles(1, 0, 'delivered'), 'It is not settled');
SELECT is(pg_temp.claims(), '1.1', 'It is due, and not counted');

-- How many at a time, and whose turn it is.
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(n, 1) FROM generate_series(1, 20) AS n;
SELECT pg_temp.queue(n, 2) FROM generate_series(31, 40) AS n;
SELECT pg_temp.queue(41, 3), pg_temp.queue(51, 4);
SELECT is(pg_temp.claims(4, 2), '1.1 31.1 41.1 51.1', 'Each app gets one before any gets two');
SELECT is(pg_temp.claims(100, 2), '2.1 32.1', 'No app gets more than so many, those claimed before included');
SELECT is(pg_temp.claims(100, 2), NULL, 'not even later');
SELECT ok(pg_temp.settles(1, 1, 'delivered') AND pg_temp.settles(31, 1, 'delivered')
          AND pg_temp.settles(32, 1, 'delivered'), 'Some are delivered');
SELECT pg_temp.queue(42, 3);
SELECT is(pg_temp.claims(1, 2), '33.1', 'The app with the fewest under way comes first');
SELECT is(pg_temp.claims(1, 2), '42.1', 'then the one that has waited longest for its turn, however old the others');

CREATE TEMPORARY TABLE turns (round integer, app integer);
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(n, 1 + n % 4) FROM generate_series(1, 40) AS n;
DO $$
DECLARE
    v_claim record;
BEGIN
    FOR i IN 1 .. 12 LOOP
        SELECT * INTO v_claim FROM latchkey_delivery.claim(1, 4, '1 minute');
        INSERT INTO turns VALUES (i, pg_temp.number(v_claim.client_app_id));
        PERFORM latchkey_delivery.settle(v_claim.delivery_id, v_claim.attempt, 'retry', '0', NULL, NULL, NULL);
    END LOOP;
END
$$;
SELECT is(string_agg(app::text, '' ORDER BY round), '234123412341', 'One at a time, four apps take turns') FROM turns;

SELECT * FROM finish();
ROLLBACK;
