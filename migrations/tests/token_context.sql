-- Every outcome of latchkey_api.token_context, and what it writes. Idempotency keys: see idempotency.sql.
\ir setup.psql

SELECT plan(39);

SELECT pg_temp.make_app(1);
SELECT pg_temp.make_app(2);
SELECT pg_temp.make_app(3, p_sandbox_only => true);
SELECT pg_temp.make_app(4);
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(4), false);

-- A new user.
SELECT is(pg_temp.token(new_user_id => 101), 'ok app 1 user 101',
          'A call that names no user makes one with the new id');
SELECT results_eq(
    $$ SELECT mode::text, created_at > now() - interval '1 minute', last_seen_on, erased_at, request_id
         FROM latchkey.users WHERE client_app_id = pg_temp.id(1) AND id = pg_temp.id(101) $$,
    $$ VALUES ('production', true, (clock_timestamp() AT TIME ZONE 'UTC')::date, NULL::timestamptz, 'request-1') $$,
    'It is stored with its mode, its day and the id of the request');
SELECT is(pg_temp.token(new_user_id => 101), 'ok app 1 user 101',
          'The same call, tried again, answers the same user');
SELECT is(count(*), 1::bigint, 'and makes no second one') FROM latchkey.users;
SELECT is(pg_temp.token(new_user_id => 102, request_id => NULL), 'ok app 1 user 102',
          'A call without a request id makes a user');
SELECT is(pg_temp.token(new_user_id => 103, request_id => E'two\nlines'), 'ok app 1 user 103',
          'A call with an unfit request id makes a user');
SELECT results_eq(
    $$ SELECT request_id FROM latchkey.users WHERE id IN (pg_temp.id(102), pg_temp.id(103)) $$,
    $$ VALUES (NULL::text), (NULL) $$,
    'whose request id is NULL');
SELECT is(pg_temp.token(new_user_id => 104, mode => 'sandbox'), 'ok app 1 user 104',
          'A credential for both modes makes sandbox users, too');
SELECT is(pg_temp.token(new_user_id => 105, mode => 'sandbox', api_key => 13, secret => 'secret 3'),
          'ok app 3 user 105',
          'A sandbox credential works in sandbox mode');
SELECT is(pg_temp.token(new_user_id => 101, api_key => 12, secret => 'secret 2'), 'ok app 2 user 101',
          'Two apps may have users with the same id, each its own');

-- A user that is named.
SELECT is(pg_temp.token(user_id => 101), 'ok app 1 user 101',
          'A call that names a user finds it');
SELECT is(pg_temp.token(user_id => 101, new_user_id => 199), 'ok app 1 user 101',
          'and then the new id is not used');
SELECT ok(NOT EXISTS (SELECT FROM latchkey.users WHERE id = pg_temp.id(199)), 'nor stored');

UPDATE latchkey.users SET last_seen_on = '2020-02-02' WHERE client_app_id = pg_temp.id(1) AND id = pg_temp.id(101);
SELECT is(pg_temp.token(user_id => 101), 'ok app 1 user 101',
          'A user not seen for long is found');
SELECT is(last_seen_on, (clock_timestamp() AT TIME ZONE 'UTC')::date, 'and is then seen today')
  FROM latchkey.users WHERE client_app_id = pg_temp.id(1) AND id = pg_temp.id(101);
CREATE TEMPORARY TABLE row_version AS
SELECT ctid AS at FROM latchkey.users WHERE client_app_id = pg_temp.id(1) AND id = pg_temp.id(101);
SELECT is(pg_temp.token(user_id => 101), 'ok app 1 user 101',
          'Seen again on the same day, it is found');
SELECT is(u.ctid, row_version.at, 'and its row is not written')
  FROM latchkey.users AS u, row_version WHERE client_app_id = pg_temp.id(1) AND id = pg_temp.id(101);

-- What is refused, by precedence; app 9 does not exist.
CREATE TEMPORARY TABLE before AS SELECT count(*) AS users FROM latchkey.users;
SELECT is(pg_temp.token(api_key => 19, new_user_id => 151), 'unknown_api_key',
          'An unknown API key is refused, without an app');
SELECT is(pg_temp.token(api_key => NULL, new_user_id => 151), 'unknown_api_key',
          'No API key is refused likewise');
SELECT is(pg_temp.token(secret => 'secret 2', new_user_id => 151), 'wrong_secret app 1',
          'The secret of another app is wrong; the app is named for the log');
SELECT is(pg_temp.token(secret => 'secret 2', mode => 'other', api_key => 14), 'wrong_secret app 4',
          'A wrong secret comes before a wrong mode and a disabled app');
SELECT is(pg_temp.token(mode => 'production', api_key => 13, secret => 'secret 3'), 'wrong_mode app 3',
          'A sandbox credential is refused in production');
SELECT is(pg_temp.token(mode => 'Production', new_user_id => 151), 'wrong_mode app 1',
          'A mode that is none is refused');
SELECT is(pg_temp.token(mode => NULL, new_user_id => 151), 'wrong_mode app 1',
          'No mode is refused');
SELECT is(pg_temp.token(api_key => 14, secret => 'secret 4', new_user_id => 151), 'disabled_app app 4',
          'A disabled app is refused');
SELECT is(pg_temp.token(user_id => 999), 'unknown_user app 1',
          'A user that does not exist is refused');
SELECT is(pg_temp.token(user_id => 999, new_user_id => 999), 'unknown_user app 1',
          'and is not made, even where its id is the new id as well');
SELECT is(pg_temp.token(user_id => 103, api_key => 12, secret => 'secret 2'), 'unknown_user app 2',
          'A user of another app is refused');
SELECT is(pg_temp.token(user_id => 104), 'unknown_user app 1',
          'A user of the other mode is refused');
SELECT is(pg_temp.token(new_user_id => 104), 'unknown_user app 1',
          'A new id that is a user of the other mode is refused');
SELECT is(pg_temp.token(), 'unknown_user app 1',
          'Neither a user nor a new id: refused');
SELECT latchkey_admin.erase_user('tester', pg_temp.id(1), pg_temp.id(102));
SELECT is(pg_temp.token(user_id => 102), 'erased_user app 1',
          'An erased user is refused');
SELECT is(pg_temp.token(new_user_id => 102), 'erased_user app 1',
          'and never made again');
SELECT is((SELECT count(*) FROM latchkey.users), (SELECT users FROM before), 'None of them stored a user');

-- Nothing is raised, whatever the arguments.
SELECT is(pg_temp.attempt('latchkey_application', $$
    SELECT latchkey_api.token_context(NULL, NULL, NULL, NULL, NULL, NULL, NULL) $$), 'ok', 'NULLs raise nothing');
SELECT is(pg_temp.attempt('latchkey_application', format($$
    SELECT latchkey_api.token_context('production', %L, ARRAY[[NULL, ''], ['\x00', NULL]]::bytea[], NULL, NULL, %L, %L)
    $$, pg_temp.id(11), repeat('k', 100000), repeat('r', 100000))), 'ok', 'Odd arrays and long texts raise nothing');
SELECT is(pg_temp.token(new_user_id => 0), 'ok app 1 user 0',
          'The nil UUID is an id like any other');

-- A secret at its end.
UPDATE latchkey.secrets SET expires_at = clock_timestamp() + interval '1 minute' WHERE api_key = pg_temp.id(11);
SELECT is(pg_temp.token(user_id => 101), 'ok app 1 user 101',
          'A secret works up to its end');
UPDATE latchkey.secrets SET expires_at = clock_timestamp() WHERE api_key = pg_temp.id(11);
SELECT is(pg_temp.token(user_id => 101), 'expired_secret app 1',
          'and from its end no longer');

SELECT * FROM finish();
ROLLBACK;
