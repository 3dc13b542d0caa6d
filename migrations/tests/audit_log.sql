-- The audit log: appended to, never changed; its partitions.
\ir setup.psql

SELECT plan(29);

-- record_act
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.record_act('alice', 'key.generate', 'key:2026-a', '{"algorithm": "HS256"}') $$), 'ok',
          'The administrator records an act outside the database');
SELECT results_eq(
    $$ SELECT actor, act, object, detail, database_role::text, acted_at BETWEEN now() AND clock_timestamp()
         FROM latchkey.audit_log $$,
    $$ VALUES ('alice', 'key.generate', 'key:2026-a', '{"algorithm": "HS256"}'::jsonb, session_user::text, true) $$,
    'with who, what, when, and the role that was logged in');

CREATE FUNCTION pg_temp.record(p_actor text, p_act text, p_object text, p_detail jsonb DEFAULT NULL)
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.attempt('latchkey_administrator', format('SELECT latchkey_admin.record_act(%L, %L, %L, %L)',
                                                            p_actor, p_act, p_object, p_detail))
$$;

SELECT is(pg_temp.record(repeat('a', 200), repeat('b', 64), repeat('c', 200)), 'ok', 'Long texts are recorded');
SELECT is(pg_temp.record(repeat('a', 201), 'b', 'c'), '23514 audit_log_actor_length', 'but not a longer actor');
SELECT is(pg_temp.record('a', repeat('b', 65), 'c'), '23514 audit_log_act_length', 'nor a longer act');
SELECT is(pg_temp.record('a', 'b', repeat('c', 201)), '23514 audit_log_object_length', 'nor a longer object');
SELECT is(pg_temp.record('', 'b', 'c'), '23514 audit_log_actor_length', 'nor no actor');
SELECT is(pg_temp.record(NULL, 'b', 'c'), '23502', 'nor NULL');
SELECT is(pg_temp.record('a', 'b', E'c\nd'), '23514 audit_log_object_printable', 'nor a line feed');
SELECT is(pg_temp.record('a', 'b', 'c', '[]'), '23514 audit_log_detail_object', 'nor a detail that is no object');
SELECT is(pg_temp.record('a', 'b', 'c', jsonb_build_object('d', repeat('e', 8183))), 'ok',
          'A detail of 8192 bytes is recorded');
SELECT is(pg_temp.record('a', 'b', 'c', jsonb_build_object('d', repeat('e', 8184))),
          '23514 audit_log_detail_length', 'but no longer one');

-- Append-only.
SELECT is(pg_temp.attempt(r, s), '42501', format('%s cannot %s', r, s))
  FROM unnest(ARRAY['latchkey_administrator', 'latchkey_auditor', 'latchkey_application']) AS r,
       unnest(ARRAY['DELETE FROM latchkey.audit_log', 'UPDATE latchkey.audit_log SET actor = ''x''',
                    'TRUNCATE latchkey.audit_log']) AS s;

-- Partitions.
SELECT is((SELECT count(*) FROM pg_inherits WHERE inhparent = 'latchkey.audit_log'::regclass
              AND inhrelid <> 'latchkey.audit_log_default'::regclass) >= 12, true, 'There are partitions for a year');
SELECT is((SELECT tableoid::regclass::text FROM latchkey.audit_log LIMIT 1),
          to_char(now() AT TIME ZONE 'UTC', '"latchkey.audit_log_"YYYY"_"MM'), 'An act goes into that of its month');

SET LOCAL TIME ZONE 'Pacific/Auckland';
INSERT INTO latchkey.audit_log (acted_at, actor, act, object)
VALUES (date_trunc('month', now(), 'UTC') + interval '20 months', 'a', 'b', 'c');
SELECT is((SELECT count(*) FROM ONLY latchkey.audit_log_default), 1::bigint,
          'An act of a month without a partition goes into the default one');
SELECT is(pg_temp.attempt('latchkey_migrator', 'SELECT latchkey.ensure_audit_partitions(24)'), 'ok',
          'The migrator makes partitions ahead');
SELECT is(count(DISTINCT relowner::regrole), 1::bigint, 'whose owner is that of the table')
  FROM pg_class WHERE relname LIKE 'audit\_log%';
SELECT is((SELECT count(*) FROM ONLY latchkey.audit_log_default), 0::bigint, 'Acts move from the default one');
SELECT is((SELECT tableoid::regclass::text FROM latchkey.audit_log ORDER BY acted_at DESC LIMIT 1),
          to_char(now() AT TIME ZONE 'UTC' + interval '20 months', '"latchkey.audit_log_"YYYY"_"MM'),
          'to that of their month in UTC');
SELECT is(latchkey.ensure_audit_partitions(24), 0, 'Once made, there is nothing to make');

SELECT * FROM finish();
ROLLBACK;
