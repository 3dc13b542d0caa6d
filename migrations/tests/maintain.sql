-- latchkey.maintain: run daily by the migrator.
\ir setup.psql

SELECT plan(7);

SELECT pg_temp.make_app(1);
INSERT INTO latchkey.idempotency_keys (client_app_id, mode, key, user_id, made_user, created_at)
SELECT pg_temp.id(1), 'production', n, pg_temp.id(1), true, now() - n * interval '1 hour'
  FROM generate_series(22, 26) AS n;
INSERT INTO latchkey.revoked_tokens (token_id, client_app_id, expires_at)
SELECT md5(n::text), pg_temp.id(1), now() - n * interval '1 hour'
  FROM generate_series(0, 2) AS n;

SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT latchkey.maintain()'), '42501',
          'The administrator cannot run it');

SELECT is(pg_temp.attempt('latchkey_migrator', 'SELECT latchkey.maintain(0)'), 'ok', 'The migrator can');
SELECT results_eq('SELECT done FROM latchkey.maintain(2)', 'VALUES (0::bigint), (2), (2)',
                  'It removes at most so many rows at a time');
SELECT results_eq('SELECT done FROM latchkey.maintain(2)', 'VALUES (0::bigint), (1), (0)',
                  'until none is left that has expired');

SELECT set_eq('SELECT key FROM latchkey.idempotency_keys', $$ VALUES ('22'), ('23') $$,
              'Idempotency keys stay for 24 hours');
SELECT set_eq('SELECT token_id FROM latchkey.revoked_tokens', 'VALUES (md5(''0''))',
              'Revocations stay for an hour after the end of the token');
SELECT is((SELECT count(*) FROM latchkey.client_apps), 1::bigint, 'Nothing else goes');

SELECT * FROM finish();
ROLLBACK;
