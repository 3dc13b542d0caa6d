-- set_webhook_url, add_webhook_secret, replay_delivery, create_test_delivery: what they store, answer and record.
\ir setup.psql

SELECT plan(49);

SELECT pg_temp.make_app(n) FROM generate_series(1, 2) AS n;
DELETE FROM latchkey.audit_log;

CREATE FUNCTION pg_temp.latest_act()
RETURNS text
LANGUAGE sql
AS $$
    SELECT concat_ws(' ', actor, act, object, detail) FROM latchkey.audit_log ORDER BY acted_at DESC LIMIT 1
$$;

-- set_webhook_url
INSERT INTO latchkey.webhook_endpoints (client_app_id, consecutive_failures, paused_until)
VALUES (pg_temp.id(1), 7, 'infinity'), (pg_temp.id(2), 7, 'infinity');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.set_webhook_url('alice', pg_temp.id(1), 'https://example.org/hook') $$), 'ok',
          'The administrator sets an app''s URL');
SELECT is(webhook_url, 'https://example.org/hook', 'It is stored') FROM latchkey.client_apps WHERE id = pg_temp.id(1);
SELECT is(pg_temp.latest_act(),
          format('alice webhook.configure client_app:%s {"webhook_url": "https://example.org/hook"}', pg_temp.id(1)),
          'The audit log says who set it, and to what');
SELECT results_eq('SELECT consecutive_failures, paused_until FROM latchkey.webhook_endpoints ORDER BY client_app_id',
                  $$ VALUES (0, NULL), (7, 'infinity'::timestamptz) $$, 'Its receiver begins without a failure');
SELECT ok(latchkey_admin.set_webhook_url('alice', pg_temp.id(1), 'https://example.org/hook'), 'The same again is fine');
SELECT is((SELECT count(*) FROM latchkey.audit_log), 1::bigint, 'and unrecorded');
SELECT ok(latchkey_admin.set_webhook_url('alice', pg_temp.id(1), NULL), 'It is taken away');
SELECT is(webhook_url, NULL, 'There is none') FROM latchkey.client_apps WHERE id = pg_temp.id(1);
SELECT ok(NOT latchkey_admin.set_webhook_url('alice', pg_temp.id(n), 'https://example.org/'), 'No such app: false')
  FROM unnest(ARRAY[9, NULL]) AS n;
SELECT is(pg_temp.attempt('latchkey_administrator', format(
    'SELECT latchkey_admin.set_webhook_url(''alice'', pg_temp.id(1), %L)', url)), refusal, left(url, 30))
  FROM (VALUES ('ftp://example.org/', '23514 client_apps_webhook_url_scheme'),
               ('https://' || repeat('h', 2041), '23514 client_apps_webhook_url_length')) AS bad (url, refusal);

-- add_webhook_secret
CREATE FUNCTION pg_temp.adds(p_number integer, p_overlap interval, p_app integer DEFAULT 1)
RETURNS boolean
LANGUAGE sql
AS $$
    SELECT latchkey_admin.add_webhook_secret('bob', pg_temp.id(p_app), pg_temp.id(p_number), 'key-1', p_overlap)
$$;

CREATE FUNCTION pg_temp.live(p_after interval DEFAULT '0')
RETURNS text
LANGUAGE sql
AS $$
    SELECT string_agg(pg_temp.number(id)::text, ' ' ORDER BY created_at) FROM latchkey.webhook_secrets
     WHERE client_app_id = pg_temp.id(1) AND (expires_at IS NULL OR expires_at > clock_timestamp() + p_after)
$$;

SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.add_webhook_secret('bob', pg_temp.id(1), pg_temp.id(21), 'key-1', '0') $$), 'ok',
          'The administrator adds a secret');
SELECT is(pg_temp.latest_act() ~ format('^bob webhook.secret client_app:%s .*"secret_id": "%s"', pg_temp.id(1),
                                        pg_temp.id(21)), true, 'The audit log says who added it');
SELECT ok(pg_temp.adds(22, '1 hour'), 'A second one, with an overlap');
SELECT is(pg_temp.live(), '21 22', 'Both are used');
SELECT is(pg_temp.live('59 minutes'), '21 22', 'for the overlap');
SELECT is(pg_temp.live('1 hour'), '22', 'then the new one alone');
SELECT ok(pg_temp.adds(23, '2 hours'), 'A third one, with a longer overlap');
SELECT is(pg_temp.live('1 hour'), '22 23', 'does not make the first live longer');
SELECT ok(pg_temp.adds(24, '0'), 'A fourth one, without an overlap');
SELECT is(pg_temp.live(), '24', 'is used alone');
SELECT ok(bool_and(pg_temp.adds(n, '1 hour')), 'Many with an overlap') FROM generate_series(25, 40) AS n;
SELECT is(pg_temp.live(), '31 32 33 34 35 36 37 38 39 40', 'Ten are used, no more');
SELECT ok(pg_temp.adds(41, '1 hour', 2), 'Another app''s');
SELECT is(pg_temp.live(), '31 32 33 34 35 36 37 38 39 40', 'do not matter');
SELECT ok(NOT pg_temp.adds(42, '0', n), 'No such app: false') FROM unnest(ARRAY[9, NULL]) AS n;
SELECT is(pg_temp.attempt('latchkey_administrator', format(
    'SELECT latchkey_admin.add_webhook_secret(''bob'', pg_temp.id(1), pg_temp.id(43), ''k'', %L)', overlap)), '22023',
          format('Overlap %s is refused', overlap))
  FROM unnest(ARRAY[NULL, '-1 second']) AS overlap;
SELECT is(pg_temp.attempt('latchkey_administrator', format(
    'SELECT latchkey_admin.add_webhook_secret(''bob'', pg_temp.id(1), pg_temp.id(43), %L, ''0'')', kid)), refusal,
          format('Key %s is refused', left(kid, 10)))
  FROM (VALUES (NULL, '23502'), ('', '23514 webhook_secrets_kid_format'),
               (repeat('k', 65), '23514 webhook_secrets_kid_format')) AS bad (kid, refusal);

-- create_test_delivery
DELETE FROM latchkey.audit_log;
SELECT is(latchkey_admin.create_test_delivery('carol', pg_temp.id(9), pg_temp.id(51)), 'unknown_app', 'No such app');
SELECT is(latchkey_admin.create_test_delivery('carol', pg_temp.id(1), pg_temp.id(51)), 'no_url', 'No URL');
SELECT latchkey_admin.set_webhook_url('carol', pg_temp.id(1), 'https://example.org/hook');
UPDATE latchkey.webhook_secrets SET expires_at = clock_timestamp();
SELECT is(latchkey_admin.create_test_delivery('carol', pg_temp.id(1), pg_temp.id(51)), 'no_secret', 'No secret');
SELECT count(pg_temp.adds(44, '0'));
SELECT is(latchkey_admin.create_test_delivery('carol', pg_temp.id(1), pg_temp.id(51)), 'ok', 'A test is queued');
SELECT is(pg_temp.latest_act(), format('carol webhook.test delivery:%s {"client_app_id": "%s"}', pg_temp.id(51),
                                       pg_temp.id(1)), 'The audit log says who asked for it');
SELECT results_eq('SELECT delivery_id, attempt, counted FROM latchkey_delivery.claim(9, 9, 9, ''1 minute'')',
                  'VALUES (pg_temp.id(51), 1, 1)', 'and is claimed');
SELECT results_eq(
    $$ SELECT pg_temp.number(delivery_id), kind, pg_temp.number(client_app_id), pg_temp.number(user_id), url,
              number, status, metadata, files
         FROM latchkey_delivery.read(ARRAY[pg_temp.id(51)], ARRAY[1]) $$,
    $$ VALUES (51, 'test', 1, 0, 'https://example.org/hook', 0::bigint, 'test', '{}', '[]') $$,
    'It is of no user');

-- replay_delivery
SELECT ok(latchkey_admin.replay_delivery('dave', pg_temp.id(51)), 'One that is under way is queued anew');
SELECT ok(latchkey_delivery.settle(pg_temp.id(51), 1, 'dead', NULL, 500, 'x', NULL),
          'What comes of it is still what comes of that attempt');
SELECT is(state, 'pending', 'but does not end what was queued anew') FROM latchkey.webhook_deliveries;
UPDATE latchkey.webhook_deliveries SET state = 'dead', queued_at = '2026-01-01', next_attempt_at = 'infinity';
UPDATE latchkey.webhook_endpoints SET paused_until = 'infinity';
SELECT ok(latchkey_admin.replay_delivery('dave', pg_temp.id(51)), 'A dead one is queued anew');
SELECT is(pg_temp.latest_act(), format('dave webhook.replay delivery:%s {"client_app_id": "%s"}', pg_temp.id(51),
                                       pg_temp.id(1)), 'The audit log says who did it');
SELECT results_eq('SELECT delivery_id, attempt, counted FROM latchkey_delivery.claim(9, 9, 9, ''1 minute'')',
                  'VALUES (pg_temp.id(51), 2, 1)', 'It is due at once, in spite of a pause, as another first attempt');
SELECT ok(queued_at > now(), 'with three more days') FROM latchkey.webhook_deliveries;
SELECT ok(NOT latchkey_admin.replay_delivery('dave', pg_temp.id(n)), 'One that is not there: false')
  FROM unnest(ARRAY[9, NULL]) AS n;

SELECT * FROM finish();
ROLLBACK;
