-- What `latchkey maintenance run` calls: each at most so many rows a call, until none is left.
\ir setup.psql

SELECT plan(46);

SELECT pg_temp.make_app(1);
SELECT pg_temp.make_collector(1);
SELECT count(pg_temp.token(mode => 'sandbox', new_user_id => 101));
SELECT count(pg_temp.begins(n)) FROM generate_series(1, 5) AS n;
SELECT count(pg_temp.uploads(n, 'a', n)) FROM generate_series(1, 5) AS n;

-- abandon_retrievals: numbers 1 to 3 are old, 4 is not, 5 is finished.
UPDATE latchkey.retrievals SET created_at = now() - interval '24 hours' - pg_temp.number(id) * interval '1 minute'
 WHERE id <> pg_temp.id(4);
SELECT count(pg_temp.finishes(5));
SELECT is(latchkey_admin.abandon_retrievals('24 hours', 0), 0::bigint, 'At most none: none');
SELECT is(latchkey_admin.abandon_retrievals(NULL, 10), 0::bigint, 'Of no age: none');
SELECT is(latchkey_admin.abandon_retrievals('24 hours 10 minutes', 10), 0::bigint, 'None is so old');
SELECT is(latchkey_admin.abandon_retrievals('24 hours', 2), 2::bigint, 'At most so many are abandoned');
SELECT set_eq($$ SELECT pg_temp.number(id) FROM latchkey.retrievals WHERE status = 'abandoned' $$, 'VALUES (2), (3)',
              'the oldest first');
SELECT is(latchkey_admin.abandon_retrievals('24 hours', 2), 1::bigint, 'then the others');
SELECT is(latchkey_admin.abandon_retrievals('24 hours', 2), 0::bigint, 'until none is left');
SELECT set_eq($$ SELECT pg_temp.number(id), status, finished_at = now() FROM latchkey.retrievals
                  WHERE id <> pg_temp.id(5) $$,
              $$ VALUES (1, 'abandoned', true), (2, 'abandoned', true), (3, 'abandoned', true), (4, 'open', NULL) $$,
              'Younger ones stay open');
SELECT set_eq('SELECT pg_temp.number(retrieval_id) FROM latchkey.retrieval_files', 'VALUES (4)',
              'Their files are forgotten');
SELECT set_eq($$ SELECT n FROM generate_series(1, 6) AS n
                  JOIN latchkey_admin.unreferenced_contents(
                           ARRAY(SELECT sha256(convert_to('content ' || m, 'UTF8')) FROM generate_series(1, 6) AS m)
                           || ARRAY[sha256('content 1'), NULL, '']::bytea[]) AS c
                    ON c = sha256(convert_to('content ' || n, 'UTF8')) $$,
              'VALUES (1), (2), (3), (6)', 'and their contents are no longer needed, nor one that never was');
SELECT is((SELECT count(*) FROM latchkey_admin.unreferenced_contents(c)), 0::bigint, 'Of none: none')
  FROM (VALUES (NULL::bytea[]), ('{}')) AS none (c);
SELECT is((SELECT count(*) FROM latchkey_admin.unreferenced_contents(ARRAY[sha256('x'), sha256('x')])), 1::bigint,
          'Each once');

-- remove_retrievals: 5 was finished, 1 to 3 abandoned.
UPDATE latchkey.retrievals SET finished_at = now() - interval '400 days' - pg_temp.number(id) * interval '1 minute'
 WHERE status <> 'open' AND id <> pg_temp.id(1);
SELECT is(latchkey_admin.remove_retrievals('400 days', 0), 0::bigint, 'At most none: none');
SELECT is(latchkey_admin.remove_retrievals(NULL, 10), 0::bigint, 'Of no age: none');
SELECT is(latchkey_admin.remove_retrievals('400 days', 2), 2::bigint, 'At most so many are removed');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.retrievals', 'VALUES (1), (2), (4)', 'the oldest first');
SELECT is(latchkey_admin.remove_retrievals('400 days', 2), 1::bigint, 'then the others');
SELECT is(latchkey_admin.remove_retrievals('400 days', 2), 0::bigint, 'until none is left');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.retrievals', 'VALUES (1), (4)', 'Younger and open ones stay');
SELECT is((SELECT count(*) FROM latchkey.documents), 1::bigint, 'Documents stay');

-- remove_deliveries
INSERT INTO latchkey.webhook_deliveries (id, client_app_id, user_id, mode, kind, state, last_attempt_at, status, number,
                                         retrieval_created_at)
SELECT pg_temp.id(n), pg_temp.id(1), pg_temp.id(0), 'sandbox', 'test', state, now() - age, 'test', 0, now()
  FROM (VALUES (1, 'delivered', interval '30 days'), (2, 'dead', '31 days'), (3, 'delivered', '32 days'),
               (4, 'delivered', '29 days'), (5, 'pending', '40 days'), (6, 'pending', NULL)) AS d (n, state, age);
SELECT is(latchkey_admin.remove_deliveries('30 days', 0), 0::bigint, 'At most none: none');
SELECT is(latchkey_admin.remove_deliveries(NULL, 10), 0::bigint, 'Of no age: none');
SELECT is(latchkey_admin.remove_deliveries('30 days', 2), 2::bigint, 'At most so many are removed');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.webhook_deliveries', 'VALUES (1), (4), (5), (6)',
              'the oldest first');
SELECT is(latchkey_admin.remove_deliveries('30 days', 2), 1::bigint, 'then the others');
SELECT is(latchkey_admin.remove_deliveries('30 days', 2), 0::bigint, 'until none is left');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.webhook_deliveries', 'VALUES (4), (5), (6)',
              'What is young or to be sent stays');

-- remove_expired
INSERT INTO latchkey.webhook_secrets (client_app_id, id, kid, expires_at)
SELECT pg_temp.id(1), pg_temp.id(n), 'k', now() - n * interval '1 hour' FROM generate_series(-1, 2) AS n;
INSERT INTO latchkey.webhook_secrets (client_app_id, id, kid) VALUES (pg_temp.id(1), pg_temp.id(3), 'k');
INSERT INTO latchkey.idempotency_keys (client_app_id, mode, key, user_id, made_user, created_at)
SELECT pg_temp.id(1), 'production', n, pg_temp.id(1), true, now() - n * interval '1 hour'
  FROM generate_series(23, 26) AS n;
INSERT INTO latchkey.revoked_tokens (token_id, client_app_id, expires_at)
SELECT md5(n::text), pg_temp.id(1), now() - n * interval '1 hour'
  FROM generate_series(0, 2) AS n;
-- Tokens 1 and 2 have expired a day ago, 3 a minute less, the session of 4 a minute less, that of 5 a day ago.
SELECT count(latchkey_admin.add_origin('tester', pg_temp.id(1), 'https://page.example'));
SELECT count(pg_temp.initializes(n)) FROM generate_series(1, 6) AS n;
SELECT count(pg_temp.opens(n)) FROM unnest(ARRAY[4, 5, 6]) AS n;
SELECT count(pg_temp.tries(n, 'session ' || n)) FROM unnest(ARRAY[4, 5]) AS n;
UPDATE latchkey.link_tokens
   SET expires_at = now() - interval '1 day' + CASE id WHEN pg_temp.id(3) THEN interval '1 minute' ELSE '0' END,
       session_expires_at = session_expires_at - interval '1 day 1 hour 1 minute'
                          + CASE id WHEN pg_temp.id(4) THEN interval '2 minutes' ELSE '0' END
 WHERE id <> pg_temp.id(6);
SELECT results_eq('SELECT * FROM latchkey_admin.remove_expired(2)',
                  $$ VALUES ('audit log partitions made', 0::bigint), ('expired idempotency keys removed', 2),
                            ('expired revocations removed', 2), ('expired webhook secrets removed', 2),
                            ('expired link tokens removed', 2) $$,
                  'It removes at most so many of each');
SELECT results_eq('SELECT done FROM latchkey_admin.remove_expired(2)', 'VALUES (0::bigint), (1), (0), (1), (1)',
                  'until none is left');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.webhook_secrets', 'VALUES (-1), (3)',
              'Secrets that are used stay');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.link_tokens', 'VALUES (3), (4), (6)',
              'Tokens stay for a day after their end and that of their session');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.link_attempts', 'VALUES (4)', 'with their attempts');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT latchkey_admin.remove_expired(1)'), 'ok',
          'The administrator runs it');

-- drop_audit_partitions
DELETE FROM latchkey.audit_log;
SET LOCAL ROLE latchkey_owner;
DO $$
DECLARE
    v_from timestamptz;
BEGIN
    FOR n IN 1 .. 5 LOOP
        v_from := (date_trunc('month', now() AT TIME ZONE 'UTC') - n * interval '1 month') AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE latchkey.%I PARTITION OF latchkey.audit_log FOR VALUES FROM (%L) TO (%L)',
                       to_char(v_from AT TIME ZONE 'UTC', '"audit_log_"YYYY"_"MM'), v_from,
                       (v_from AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
    END LOOP;
END
$$;
RESET ROLE;
CREATE FUNCTION pg_temp.month(p_ago integer)
RETURNS text
LANGUAGE sql
AS $$
    SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') - p_ago * interval '1 month', '"audit_log_"YYYY"_"MM')
$$;
CREATE TEMPORARY TABLE partitions AS
SELECT count(*) AS before FROM pg_inherits WHERE inhparent = 'latchkey.audit_log'::regclass;

SELECT is(pg_temp.attempt('latchkey_administrator', format(
    'SELECT latchkey_admin.drop_audit_partitions(''alice'', %L)', n)), '22023', format('%s months are too few', n))
  FROM unnest(ARRAY[2, 0, -1, NULL]) AS n;
SELECT results_eq($$ SELECT latchkey_admin.drop_audit_partitions('alice', 2147483647) $$,
                  'SELECT NULL::text WHERE false', 'As many months as there may be: none goes');
SELECT results_eq($$ SELECT latchkey_admin.drop_audit_partitions('alice', 3) $$,
                  'VALUES (pg_temp.month(5)), (pg_temp.month(4))', 'Older months than these go');
SELECT is((SELECT count(*) FROM pg_inherits WHERE inhparent = 'latchkey.audit_log'::regclass),
          (SELECT before - 2 FROM partitions), 'and no other');
SELECT results_eq('SELECT actor, act, object FROM latchkey.audit_log ORDER BY acted_at',
                  $$ VALUES ('alice', 'audit.drop', 'table:' || pg_temp.month(5)),
                            ('alice', 'audit.drop', 'table:' || pg_temp.month(4)) $$, 'The audit log says who did it');
SELECT is((SELECT count(*) FROM latchkey_admin.drop_audit_partitions('alice', 3)), 0::bigint, 'Once is enough');
SELECT is(pg_temp.attempt('latchkey_administrator', $$ SELECT latchkey_admin.drop_audit_partitions('alice', 3) $$),
          'ok', 'The administrator runs it');
SELECT is(pg_temp.attempt('latchkey_administrator', s), 'ok', 'and ' || s)
  FROM unnest(ARRAY['SELECT latchkey_admin.abandon_retrievals(''1 day'', 1)',
                    'SELECT latchkey_admin.unreferenced_contents(NULL)']) AS s;

SELECT * FROM finish();
ROLLBACK;
