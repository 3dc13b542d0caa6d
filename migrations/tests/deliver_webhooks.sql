-- What latchkey-webhooks does: claim, settle, release. Instances side by side: see ../check.
\ir setup.psql

SELECT plan(107);

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
                               p_lease interval DEFAULT '1 minute', p_failing integer DEFAULT 100)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_webhooks;
    SELECT string_agg(pg_temp.number(c.delivery_id) || '.' || c.attempt, ' ' ORDER BY c.delivery_id)
      INTO v_answer
      FROM latchkey_delivery.claim(p_limit, p_per_app, p_failing, p_lease) AS c;
    RESET ROLE;
    RETURN v_answer;
END
$$;

-- What is read, given the numbers of deliveries and of their attempts.
CREATE FUNCTION pg_temp.reads(p_numbers integer[], p_attempts integer[])
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_ids    uuid[];
    v_answer text;
BEGIN
    IF p_numbers IS NOT NULL THEN
        v_ids := ARRAY(SELECT pg_temp.id(n) FROM unnest(p_numbers) WITH ORDINALITY AS of (n, place) ORDER BY place);
    END IF;
    SET LOCAL ROLE latchkey_webhooks;
    SELECT string_agg(pg_temp.number(r.delivery_id)::text, ' ' ORDER BY r.delivery_id)
      INTO v_answer
      FROM latchkey_delivery.read(v_ids, p_attempts) AS r;
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
SELECT is(pg_temp.claims(l, p, e, f), NULL, format('claim(%s, %s, %s, %s) claims nothing', l, p, f, e))
  FROM (VALUES (NULL, 1, 1, interval '1 s'), (1, NULL, 1, '1 s'), (1, 1, NULL, '1 s'), (1, 1, 1, NULL),
               (0, 1, 1, '1 s'), (-1, 1, 1, '1 s'), (1, 0, 1, '1 s'), (1, 1, -1, '1 s'), (1, 1, 1, '0 s'),
               (1, 1, 1, '-1 s')) AS arguments (l, p, f, e);
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
    $$ SELECT pg_temp.number(delivery_id), attempt, counted FROM latchkey_delivery.claim(1, 1, 1, '1 minute') $$,
    'VALUES (1, 1, 1)', 'The first attempt');
SELECT results_eq(
    $$ SELECT pg_temp.number(delivery_id), kind, pg_temp.number(client_app_id), pg_temp.number(user_id), mode,
              url, number, status, metadata, created_at, queued_at = now(), files::jsonb, secrets::jsonb, failures
         FROM latchkey_delivery.read(ARRAY[pg_temp.id(1)], ARRAY[1]) $$,
    $$ VALUES (1, 'retrieval', 1, 101, 'sandbox', 'https://example.org/1', 71::bigint, 'success', '{"a": 1}',
               '2026-01-01T00:00:00Z'::timestamptz, true,
               jsonb_build_array(jsonb_build_object('id', pg_temp.id(302), 'file_name', 'a.pdf', 'size', 11),
                                 jsonb_build_object('id', pg_temp.id(301), 'file_name', 'b "ü".pdf', 'size', 10)),
               jsonb_build_array(jsonb_build_object('id', pg_temp.id(403), 'kid', 'key-403'),
                                 jsonb_build_object('id', pg_temp.id(401), 'kid', 'key-401')), 0) $$,
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
SELECT is(pg_temp.claims(), '2.1', 'Another');
SELECT results_eq('SELECT url, files, secrets FROM latchkey_delivery.read(ARRAY[pg_temp.id(2)], ARRAY[1])',
                  $$ VALUES ('https://example.org/own', '[]', '[]') $$,
                  'A URL of its own; no documents and no secrets are empty arrays');
SELECT pg_temp.queue(3, 2);
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(2), NULL);
SELECT is(pg_temp.claims(), '3.1', 'One more');
SELECT results_eq('SELECT url FROM latchkey_delivery.read(ARRAY[pg_temp.id(3)], ARRAY[1])', 'VALUES (NULL::text)',
                  'An app that has no URL any more: NULL');
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(2), 'https://example.org/2');

-- What is read: what is claimed by that attempt, at the time of the call.
SELECT is(pg_temp.reads(n, a), r, format('read(%s, %s): %s', n, a, r))
  FROM (VALUES ('{1,2,3}'::integer[], '{3,1,1}'::integer[], '1 2 3'), ('{1,2,3}', '{2,1,4}', '2'),
               ('{1,2}', '{3}', '1'), ('{9}', '{1}', NULL), ('{}', '{}', NULL), ('{NULL}', '{NULL}', NULL),
               ('{1}', NULL, NULL), (NULL, '{3}', NULL)) AS arguments (n, a, r);
SELECT ok(pg_temp.settles(1, 3, 'delivered') AND latchkey_delivery.release(pg_temp.id(2), 1), 'Some are settled');
DELETE FROM latchkey.webhook_deliveries WHERE id = pg_temp.id(3);
SELECT is(pg_temp.reads('{1,2,3}', '{3,1,1}'), NULL, 'and neither they nor one that is erased are read any more');

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
SELECT results_eq('SELECT attempt, counted FROM latchkey_delivery.claim(9, 9, 9, ''1 minute'')', 'VALUES (2, 1)',
                  'It is due, as another attempt, and that one is not counted');
SELECT ok(NOT pg_temp.settles(1, 1, 'delivered') AND NOT latchkey_delivery.release(pg_temp.id(1), 1),
          'What the one before has to say does not count any more');
SELECT ok(latchkey_admin.replay_delivery('tester', pg_temp.id(1)) AND latchkey_delivery.release(pg_temp.id(1), 2),
          'One that is queued anew meanwhile is released');
SELECT results_eq('SELECT attempt, counted FROM latchkey_delivery.claim(9, 9, 9, ''1 minute'')', 'VALUES (3, 1)',
                  'and has a first attempt again');

-- Queued anew.
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(1);
SELECT is(pg_temp.claims(), '1.1', 'One is claimed');
SELECT ok(pg_temp.settles(1, 1, 'dead'), 'and given up');
SELECT ok(latchkey_admin.replay_delivery('tester', pg_temp.id(1)), 'It is queued anew');
SELECT results_eq('SELECT attempt, counted FROM latchkey_delivery.claim(9, 9, 9, ''1 minute'')', 'VALUES (2, 1)',
                  'It has a new number, and is the first attempt of the schedule');
SELECT ok(NOT pg_temp.settles(1, 1, 'delivered'), 'A late word of the first attempt is not taken for this one''s');
SELECT latchkey_admin.replay_delivery('tester', pg_temp.id(1));
SELECT ok(pg_temp.settles(1, 2, 'dead', NULL, 500, 'x'), 'It is queued anew while it is under way, and is given up');
SELECT results_eq(
    $$ SELECT state, last_status, claimed_until IS NULL, next_attempt_at <= clock_timestamp()
         FROM latchkey.webhook_deliveries $$,
    $$ VALUES ('pending', 500, true, true) $$, 'What was queued anew is still to be sent, now');
SELECT results_eq('SELECT attempt, counted FROM latchkey_delivery.claim(9, 9, 9, ''1 minute'')', 'VALUES (3, 1)',
                  'as the first attempt');
SELECT latchkey_admin.replay_delivery('tester', pg_temp.id(1));
SELECT ok(pg_temp.settles(1, 3, 'retry', '1 hour'), 'Nor does its pause put off what was queued anew');
SELECT is(pg_temp.claims(), '1.4', 'It is due');
SELECT latchkey_admin.replay_delivery('tester', pg_temp.id(1));
SELECT ok(pg_temp.settles(1, 4, 'delivered'), 'But what arrives meanwhile has arrived');
SELECT is(state, 'delivered', 'so it is not sent once more') FROM latchkey.webhook_deliveries;

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

-- Apps 1, 2 and 3 fail.
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(10 * app + n, app) FROM generate_series(1, 4) AS app, generate_series(1, 2) AS n;
INSERT INTO latchkey.webhook_endpoints (client_app_id, consecutive_failures)
SELECT pg_temp.id(n), n FROM generate_series(1, 3) AS n;
SELECT is(pg_temp.claims(p_failing => 0), '41.1 42.1', 'Nothing goes to apps that fail where there is no place for it');
SELECT is(pg_temp.claims(p_failing => 2), '11.1 21.1', 'to as many as there are places for, one each');
SELECT pg_temp.queue(43, 4);
SELECT is(pg_temp.claims(p_limit => 1), '31.1', 'and to those that have waited longer in the same order as to others');
SELECT ok(pg_temp.settles(21, 1, 'retry'), 'One fails again');
SELECT is(pg_temp.claims(), '22.1 43.1', 'Its next is claimed');
SELECT results_eq(
    'SELECT failures FROM latchkey_delivery.read(ARRAY[pg_temp.id(22), pg_temp.id(43)], ARRAY[1, 1]) ORDER BY 1',
    'VALUES (0), (3)', 'What is read tells how many attempts at the app have failed');

-- However much there is: 19 bytes of each row are the protocol's, and the names of the columns need some too.
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(n) FROM generate_series(1, 101) AS n;
UPDATE latchkey.webhook_deliveries SET attempts = 2000000000;
SELECT ok(count(*) = 100 AND sum(19 + octet_length(concat(delivery_id, attempt, counted))) < 8000,
          'No more than a hundred at once, and no more than fits the server''s buffer')
  FROM latchkey_delivery.claim(200, 200, 200, '1 minute');

CREATE TEMPORARY TABLE turns (round integer, app integer);
SELECT pg_temp.start_anew();
SELECT pg_temp.queue(n, 1 + n % 4) FROM generate_series(1, 40) AS n;
DO $$
DECLARE
    v_claim record;
BEGIN
    FOR i IN 1 .. 12 LOOP
        SELECT * INTO v_claim FROM latchkey_delivery.claim(1, 4, 1, '1 minute');
        INSERT INTO turns
        SELECT i, pg_temp.number(client_app_id) FROM latchkey.webhook_deliveries WHERE id = v_claim.delivery_id;
        PERFORM latchkey_delivery.settle(v_claim.delivery_id, v_claim.attempt, 'retry', '0', NULL, NULL, NULL);
    END LOOP;
END
$$;
SELECT is(string_agg(app::text, '' ORDER BY round), '234123412341', 'One at a time, four apps take turns') FROM turns;

SELECT * FROM finish();
ROLLBACK;
