-- initialize_token: what it makes, finds and keeps, what it refuses by precedence, and the look-ups that this takes.
-- Side by side: see ../check.
\ir setup.psql

SELECT plan(52);

-- As latchkeyd's role has it, so that a table of two rows is planned as one of two millions; plans are kept.
SET LOCAL enable_seqscan = off;

SELECT pg_temp.make_app(1);
SELECT pg_temp.make_app(2, p_sandbox_only => true);
SELECT pg_temp.make_app(n) FROM generate_series(3, 4) AS n;
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(3), false);
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(4), 'https://example.org/app');

-- What is made and kept.
SELECT is(pg_temp.initializes(901), 'ok app 1 user 101 number', 'A token is kept, and a user made');
SELECT is(pg_temp.initializes(902, mode => 'production', new_user_id => 102, webhook_url => 'http://example.org/',
                              request_id => 'a b'), 'ok app 1 user 102 number', 'In production as well');
SELECT is(pg_temp.initializes(903, user_id => 101, new_user_id => 103), 'ok app 1 user 101 number', 'A user is found');
SELECT is(pg_temp.initializes(904, user_id => 101, new_user_id => NULL), 'ok app 1 user 101 number',
          'without another id');
SELECT is(pg_temp.initializes(905, 'secret 4', new_user_id => 104, webhook_url => NULL), 'ok app 4 user 104 number',
          'The app''s own URL is enough');
SELECT is(pg_temp.initializes(906, 'secret 2', new_user_id => 105), 'ok app 2 user 105 number',
          'A sandbox secret works in sandbox');
SELECT results_eq(
    $$ SELECT pg_temp.number(id), pg_temp.number(client_app_id), pg_temp.number(user_id), mode::text, webhook_url,
              expires_at - created_at, opened_at, session_hash, session_expires_at, origin, metadata
         FROM latchkey.link_tokens ORDER BY id LIMIT 2 $$,
    $$ VALUES (901, 1, 101, 'sandbox', 'https://example.org/token', interval '1 hour', NULL::timestamptz, NULL::bytea,
               NULL::timestamptz, NULL::text COLLATE "C", NULL::text),
              (902, 1, 102, 'production', 'http://example.org/', interval '1 hour', NULL, NULL, NULL, NULL, NULL) $$,
    'They are kept for an hour, unopened');
SELECT is(webhook_url, NULL, 'The app''s URL is not copied') FROM latchkey.link_tokens WHERE id = pg_temp.id(905);
SELECT results_eq(
    $$ SELECT pg_temp.number(client_app_id), pg_temp.number(id), mode::text,
              last_seen_on = (now() AT TIME ZONE 'UTC')::date, request_id FROM latchkey.users ORDER BY id $$,
    $$ VALUES (1, 101, 'sandbox', true, 'request-1'), (1, 102, 'production', true, NULL),
              (4, 104, 'sandbox', true, 'request-1'), (2, 105, 'sandbox', true, 'request-1') $$,
    'Users are as token_context makes them; a request id that is none is not stored');
SELECT ok((SELECT array_agg(number ORDER BY id) = array_agg(number ORDER BY number)
                  AND count(DISTINCT number) = 6 FROM latchkey.link_tokens), 'Their numbers count up');

-- The same call again.
SELECT is(pg_temp.initializes(901), 'ok app 1 user 101 number', 'The same call again is answered alike');
SELECT is((SELECT count(*) FROM latchkey.link_tokens), 6::bigint, 'and keeps nothing more');
SELECT is(i.number, t.number, 'with the same number')
  FROM latchkey.link_tokens AS t,
       latchkey_api.initialize_token('sandbox', pg_temp.hashes('secret 1'), NULL, pg_temp.id(101), pg_temp.id(901),
                                     'https://example.org/token', NULL) AS i
 WHERE t.id = pg_temp.id(901);
SELECT is(pg_temp.initializes(901, new_user_id => 109), 'invalid_argument app 1',
          'The id of a token is not another user''s');
SELECT is(pg_temp.initializes(901, 'secret 4', new_user_id => 109), 'invalid_argument app 4', 'nor another app''s');

-- The day that a user was seen on.
UPDATE latchkey.users SET last_seen_on = '2026-01-01' WHERE id = pg_temp.id(101);
SELECT is(pg_temp.initializes(907, user_id => 101), 'ok app 1 user 101 number', 'A user that was seen long ago');
SELECT is(last_seen_on, (now() AT TIME ZONE 'UTC')::date, 'is seen today')
  FROM latchkey.users WHERE id = pg_temp.id(101);
UPDATE latchkey.users SET last_seen_on = '2999-01-01' WHERE id = pg_temp.id(101);
SELECT count(pg_temp.initializes(908, user_id => 101));
SELECT is(last_seen_on, '2999-01-01', 'One whose day lies ahead stays so')
  FROM latchkey.users WHERE id = pg_temp.id(101);

-- What is refused, by precedence: each case has all that the later ones would refuse as well.
CREATE TEMPORARY TABLE before AS
SELECT (SELECT count(*) FROM latchkey.users) AS users, (SELECT count(*) FROM latchkey.link_tokens) AS tokens;
SELECT is(pg_temp.initializes(NULL, s, 'live', 999, webhook_url => NULL), 'unknown_secret',
          format('Secret %s is not known', COALESCE(s, 'NULL')))
  FROM unnest(ARRAY['secret 9', '', NULL]) AS s;
UPDATE latchkey.secrets SET expires_at = clock_timestamp() WHERE api_key = pg_temp.id(12);
SELECT is(pg_temp.initializes(NULL, 'secret 2', 'live', 999, webhook_url => NULL), 'expired_secret app 2',
          'One that has expired');
UPDATE latchkey.secrets SET expires_at = clock_timestamp() + interval '1 minute' WHERE api_key = pg_temp.id(12);
SELECT is(pg_temp.initializes(NULL, 'secret 2', m, 999, webhook_url => NULL), 'wrong_mode app 2',
          format('Mode %s is none of its own', COALESCE(left(m, 20), 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL, repeat('m', 100000)]) AS m;
SELECT is(pg_temp.initializes(NULL, 'secret 3', user_id => 999, webhook_url => NULL), 'disabled_app app 3',
          'A disabled app');
SELECT is(pg_temp.initializes(NULL, user_id => 102, webhook_url => NULL), 'unknown_user app 1',
          'A user of the other mode');
SELECT is(pg_temp.initializes(NULL, user_id => 104, webhook_url => NULL), 'unknown_user app 1', 'of another app');
SELECT is(pg_temp.initializes(NULL, user_id => 999, new_user_id => 999, webhook_url => NULL), 'unknown_user app 1',
          'that is not there');
SELECT is(pg_temp.initializes(NULL, new_user_id => NULL, webhook_url => NULL), 'unknown_user app 1',
          'Neither a user nor a new id');
SELECT is(pg_temp.initializes(NULL, new_user_id => 102, webhook_url => NULL), 'unknown_user app 1',
          'A new id that is a user of the other mode');
INSERT INTO latchkey.users (client_app_id, id, mode, erased_at)
VALUES (pg_temp.id(1), pg_temp.id(106), 'sandbox', now());
SELECT is(pg_temp.initializes(NULL, user_id => 106, webhook_url => NULL), 'erased_user app 1', 'An erased user');
SELECT is(pg_temp.initializes(NULL, new_user_id => 106, webhook_url => NULL), 'erased_user app 1',
          'is never made again');
SELECT is(pg_temp.initializes(NULL, webhook_url => NULL), 'no_webhook_url app 1', 'No URL, and the app has none');
SELECT is(pg_temp.initializes(NULL), 'invalid_argument app 1', 'A token has an id');
SELECT is(pg_temp.initializes(911, webhook_url => u), 'invalid_argument app 1', format('%s is no URL', left(u, 20)))
  FROM unnest(ARRAY['', 'x', 'ftp://example.org/', 'https://example.org/ x', 'https://' || repeat('h', 2041)]) AS u;
SELECT is(ROW((SELECT count(*) - 1 FROM latchkey.users), (SELECT count(*) FROM latchkey.link_tokens)),
          (SELECT ROW(users, tokens) FROM before), 'None of them wrote anything');
SELECT is(pg_temp.initializes(912, webhook_url => 'https://' || repeat('h', 2040)), 'ok app 1 user 101 number',
          'A URL of 2048 characters is kept');

-- Nothing is raised, whatever the arguments.
SELECT is(pg_temp.attempt('latchkey_application', s), 'ok', left(s, 70))
  FROM unnest(ARRAY[
    'SELECT latchkey_api.initialize_token(NULL, NULL, NULL, NULL, NULL, NULL, NULL)',
    format('SELECT latchkey_api.initialize_token(''sandbox'', ARRAY[[NULL, ''''], [''\x00'', NULL]]::bytea[], NULL,'
           ' NULL, NULL, %1$L, %1$L)', repeat('u', 100000)),
    format('SELECT latchkey_api.initialize_token(''sandbox'', ARRAY[%L]::bytea[], NULL, %L, %L, NULL, %L)',
           sha256('secret 4'), pg_temp.id(107), pg_temp.id(913), repeat('r', 100000))]) AS s;

-- The secret alone is one look-up of one index, and so is all that comes after it: the same in each case that is
-- refused.
PREPARE scans(bytea, uuid) AS
SELECT * FROM pg_temp.scans(format(
    'SELECT latchkey_api.initialize_token(''sandbox'', %L, %L, %L, %L, NULL, NULL)', ARRAY[$1], $2, pg_temp.id(108),
    pg_temp.id(999)));
SELECT set_eq(format('EXECUTE scans(%L, %s)', sha256(convert_to(secret, 'UTF8')), u),
              $$ VALUES ('latchkey.secrets_secret_hash', 1::bigint), ('latchkey.credentials_pkey', 1),
                        ('latchkey.client_apps_pkey', 1), ('latchkey.link_tokens_pkey', 1),
                        ('latchkey.users_pkey', 1) $$, 'One look-up in each of five indexes: ' || what)
  FROM (VALUES ('secret 9', 'NULL', 'an unknown secret'), ('secret 3', 'NULL', 'a disabled app'),
               ('secret 1', quote_literal(pg_temp.id(999)), 'an unknown user'),
               ('secret 1', quote_literal(pg_temp.id(106)), 'an erased user'),
               ('secret 1', 'NULL', 'no webhook URL')) AS refused (secret, u, what);

SELECT * FROM finish();
ROLLBACK;
