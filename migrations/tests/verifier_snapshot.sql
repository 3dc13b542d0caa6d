-- What verify is told: verifier_version and verifier_snapshot. That it is notified: see ../check.
\ir setup.psql

SELECT plan(7);

SELECT pg_temp.make_app(n) FROM generate_series(1, 3) AS n;
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(3), false);
SELECT count(pg_temp.token(new_user_id => n)) FROM generate_series(101, 103) AS n;
SELECT latchkey_admin.erase_user('tester', pg_temp.id(1), pg_temp.id(n)) FROM generate_series(101, 102) AS n;
SELECT latchkey_admin.revoke_token('tester', repeat(d, 32), pg_temp.id(2), now() + interval '1 hour', NULL)
  FROM unnest(ARRAY['a', 'b', 'c']) AS d;

SELECT is((SELECT version FROM latchkey_api.verifier_snapshot() WHERE kind = 'version'),
          latchkey_api.verifier_version(), 'The snapshot is of the current version');
SELECT is((SELECT kind FROM latchkey_api.verifier_snapshot() LIMIT 1), 'version', 'which comes first');
SELECT is((SELECT count(*) FROM latchkey_api.verifier_snapshot() WHERE kind = 'version'), 1::bigint, 'and once');
SELECT set_eq(
    $$ SELECT kind, pg_temp.number(client_app_id) AS app, pg_temp.number(user_id) AS "user", token_id
         FROM latchkey_api.verifier_snapshot() WHERE kind <> 'version' $$,
    $$ VALUES ('active_app',    1, NULL, NULL),
              ('active_app',    2, NULL, NULL),
              ('erased_user',   1, 101,  NULL),
              ('erased_user',   1, 102,  NULL),
              ('revoked_token', 2, NULL, repeat('a', 32)),
              ('revoked_token', 2, NULL, repeat('b', 32)),
              ('revoked_token', 2, NULL, repeat('c', 32)) $$,
    'It has active apps, erased users and revoked tokens');

UPDATE latchkey.users SET created_at = now() - interval '1 day', erased_at = now() - interval '2 hours'
 WHERE id = pg_temp.id(101);
UPDATE latchkey.users SET erased_at = now() - interval '1 hour 59 minutes' WHERE id = pg_temp.id(102);
UPDATE latchkey.revoked_tokens SET expires_at = now() - interval '1 hour'     WHERE token_id = repeat('a', 32);
UPDATE latchkey.revoked_tokens SET expires_at = now() - interval '59 minutes' WHERE token_id = repeat('b', 32);
SELECT set_eq(
    $$ SELECT pg_temp.number(user_id) FROM latchkey_api.verifier_snapshot() WHERE kind = 'erased_user' $$,
    $$ VALUES (102) $$,
    'A user erased two hours ago has no token any more');
SELECT set_eq(
    $$ SELECT token_id FROM latchkey_api.verifier_snapshot() WHERE kind = 'revoked_token' $$,
    $$ VALUES (repeat('b', 32)), (repeat('c', 32)) $$,
    'nor need a token that expired an hour ago be revoked');

SELECT volatility_is('latchkey_api', 'verifier_snapshot', 'stable',
                     'All its queries see one moment, since it is stable');

SELECT * FROM finish();
ROLLBACK;
