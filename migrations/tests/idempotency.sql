-- Idempotency-Key: the same key asks for the same, for 24 hours, in one mode of one app.
\ir setup.psql

SELECT plan(27);

SELECT pg_temp.make_app(1);
SELECT pg_temp.make_app(2);

-- A key whose request named no user.
SELECT is(pg_temp.token(new_user_id => 101, key => 'a'), 'ok app 1 user 101',
          'The first call with a key makes its user');
SELECT is(pg_temp.token(new_user_id => 102, key => 'a'), 'ok app 1 user 101',
          'A retry with another new id is answered with that user');
SELECT is(pg_temp.token(new_user_id => 101, key => 'a'), 'ok app 1 user 101',
          'A retry with the same new id, too');
SELECT is(pg_temp.token(user_id => 101, key => 'a'), 'ok app 1 user 101',
          'Naming the user that was answered asks for the same');
SELECT is(pg_temp.token(new_user_id => NULL, key => 'a'), 'ok app 1 user 101',
          'A retry needs no new id');
SELECT is(count(*), 1::bigint, 'All of them made one user') FROM latchkey.users;
SELECT results_eq(
    $$ SELECT client_app_id, mode::text, key, user_id, made_user FROM latchkey.idempotency_keys $$,
    $$ VALUES (pg_temp.id(1), 'production', 'a', pg_temp.id(101), true) $$,
    'and one key is stored');

SELECT is(pg_temp.token(new_user_id => 110), 'ok app 1 user 110',
          'Another user, without a key');
SELECT is(pg_temp.token(user_id => 110, key => 'a'), 'idempotency_conflict app 1',
          'Naming another user with the key is a conflict');
SELECT is(pg_temp.token(user_id => 999, key => 'a'), 'idempotency_conflict app 1',
          'even one that does not exist');

-- A key whose request named a user.
SELECT is(pg_temp.token(user_id => 110, key => 'b'), 'ok app 1 user 110',
          'A key may come with a user that is named');
SELECT is(pg_temp.token(user_id => 110, key => 'b'), 'ok app 1 user 110',
          'Its retry is answered alike');
SELECT is(pg_temp.token(new_user_id => 111, key => 'b'), 'idempotency_conflict app 1',
          'Naming no user with it is a conflict');

-- Whose key it is.
SELECT is(pg_temp.token(new_user_id => 120, key => 'a', mode => 'sandbox'), 'ok app 1 user 120',
          'The same key in the other mode is another key');
SELECT is(pg_temp.token(new_user_id => 121, key => 'a', api_key => 12, secret => 'secret 2'), 'ok app 2 user 121',
          'The same key of another app is another key');
SELECT is(pg_temp.token(new_user_id => 122, key => 'A'), 'ok app 1 user 122',
          'Keys are told apart by case');

-- A refused call leaves its key free.
SELECT is(pg_temp.token(user_id => 999, key => 'c'), 'unknown_user app 1',
          'A refused call with a key');
SELECT is(pg_temp.token(new_user_id => 130, key => 'c'), 'ok app 1 user 130',
          'stores nothing: the key is free for another');
SELECT is(pg_temp.token(secret => 'wrong', new_user_id => 130, key => 'c'), 'wrong_secret app 1',
          'A key that is known does not help without the secret');
SELECT is(pg_temp.token(new_user_id => 131, key => ''), 'idempotency_conflict app 1',
          'An empty key is refused');
SELECT is(pg_temp.token(new_user_id => 131, key => repeat('k', 256)), 'idempotency_conflict app 1',
          'and so is one of 256 characters');
SELECT is(pg_temp.token(new_user_id => 131, key => repeat('k', 255)), 'ok app 1 user 131',
          'One of 255 characters works');

-- Its end.
UPDATE latchkey.idempotency_keys SET created_at = clock_timestamp() - interval '23 hours 59 minutes'
 WHERE client_app_id = pg_temp.id(1) AND mode = 'production' AND key = 'a';
SELECT is(pg_temp.token(new_user_id => 140, key => 'a'), 'ok app 1 user 101',
          'Within 24 hours a key is remembered');
UPDATE latchkey.idempotency_keys SET created_at = clock_timestamp() - interval '24 hours'
 WHERE client_app_id = pg_temp.id(1) AND mode = 'production' AND key = 'a';
SELECT is(pg_temp.token(new_user_id => 140, key => 'a'), 'ok app 1 user 140',
          'From then on it is free, and taken over');
SELECT is(pg_temp.token(new_user_id => 141, key => 'a'), 'ok app 1 user 140',
          'for another 24 hours');

-- Its user erased.
SELECT latchkey_admin.erase_user('tester', pg_temp.id(1), pg_temp.id(140));
SELECT is(pg_temp.token(new_user_id => 142, key => 'a'), 'erased_user app 1',
          'A key whose user was erased meanwhile is refused');
SELECT ok(NOT EXISTS (SELECT FROM latchkey.users WHERE id = pg_temp.id(142)), 'and makes no user');

SELECT * FROM finish();
ROLLBACK;
