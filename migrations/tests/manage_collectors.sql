-- Collectors and platforms: what their functions store, answer and record.
\ir setup.psql

SELECT plan(36);

CREATE FUNCTION pg_temp.acts()
RETURNS text
LANGUAGE sql
AS $$
    SELECT string_agg(concat_ws(' ', actor, act, object), ', ' ORDER BY acted_at) FROM latchkey.audit_log
$$;

-- Collectors.
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_collector('alice', pg_temp.id(1), 'First', sha256('key 1'), 'lk_coll_ab') $$), 'ok',
          'The administrator makes a collector');
SELECT results_eq('SELECT id, name, key_hash, hint, active, disabled_at FROM latchkey.collectors',
                  $$ VALUES (pg_temp.id(1), 'First', sha256('key 1'), 'lk_coll_ab', true, NULL::timestamptz) $$,
                  'which is stored, active');
SELECT results_eq('SELECT actor, act, object, detail FROM latchkey.audit_log',
                  $$ VALUES ('alice', 'collector.create', 'collector:' || pg_temp.id(1), '{"name": "First"}'::jsonb) $$,
                  'The audit log says who made it, without the hash');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_collector('alice', pg_temp.id(1), 'Again', sha256('key 2'), 'lk_coll_ab') $$),
          '23505 collectors_pkey', 'The same id again is refused');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_collector('alice', pg_temp.id(2), 'Second', sha256('key 1'), 'lk_coll_ab') $$),
          '23505 collectors_key_hash_key', 'and the same key');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_collector(NULL, pg_temp.id(2), 'Second', sha256('key 2'), 'lk_coll_ab') $$),
          '23502', 'and an act without an actor');
SELECT is(count(*), 1::bigint, 'None of them left a collector') FROM latchkey.collectors;
SELECT ok(latchkey_admin.set_collector_active('bob', pg_temp.id(1), false), 'A collector is disabled');
SELECT ok(NOT active AND disabled_at = now(), 'since now') FROM latchkey.collectors;
SELECT ok(latchkey_admin.set_collector_active('bob', pg_temp.id(1), false), 'Disabling it again is fine');
SELECT ok(latchkey_admin.set_collector_active('carol', pg_temp.id(1), true), 'It is enabled again');
SELECT ok(active AND disabled_at IS NULL, 'as if nothing had been') FROM latchkey.collectors;
SELECT ok(NOT latchkey_admin.set_collector_active('bob', pg_temp.id(n), false), 'One that is not there: false')
  FROM unnest(ARRAY[9, NULL]) AS n;
SELECT is(pg_temp.attempt('latchkey_administrator',
                          'SELECT latchkey_admin.set_collector_active(''bob'', pg_temp.id(1), NULL)'),
          '22004', 'Neither active nor disabled is refused');
SELECT is(pg_temp.acts(), format('alice collector.create %1$s, bob collector.disable %1$s, carol collector.enable %1$s',
                                 'collector:' || pg_temp.id(1)), 'Each change is recorded, and nothing else');

-- Platforms.
DELETE FROM latchkey.audit_log;
SELECT results_eq('SELECT id, name, production, sandbox, active FROM latchkey.platforms',
                  $$ VALUES ('first-sandbox-bank' COLLATE "C", 'First Sandbox Bank' COLLATE "C", false, true, true) $$,
                  'One platform is there from the beginning, in sandbox');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_platform('alice', 'a-bank', 'A Bank', true, false, 'https://example.org/c') $$), 'ok',
          'The administrator adds a platform');
SELECT results_eq($$ SELECT name, production, sandbox, connector_url, active FROM latchkey.platforms
                      WHERE id = 'a-bank' $$,
                  $$ VALUES ('A Bank' COLLATE "C", true, false, 'https://example.org/c', true) $$,
                  'which is stored, active');
SELECT results_eq('SELECT actor, act, object, detail FROM latchkey.audit_log',
                  $$ VALUES ('alice', 'platform.create', 'platform:a-bank',
                             jsonb_build_object('name', 'A Bank', 'production', true, 'sandbox', false,
                                                'connector_url', 'https://example.org/c')) $$,
                  'The audit log says who added it');
SELECT ok(NOT latchkey_admin.create_platform('alice', 'a-bank', 'Another', true, true, NULL), 'Once is enough');
SELECT is(name, 'A Bank', 'and it stays as it is') FROM latchkey.platforms WHERE id = 'a-bank';
SELECT is(pg_temp.attempt('latchkey_administrator', format(
    'SELECT latchkey_admin.create_platform(''alice'', %L, ''A Bank'', true, true, NULL)', id)), refusal,
          format('Id %s is refused', to_json(left(id, 20))))
  FROM (VALUES (NULL, '23502'), ('', '23514 platforms_id_format'), ('A-Bank', '23514 platforms_id_format'),
               ('a--bank', '23514 platforms_id_format'), ('-a', '23514 platforms_id_format'),
               (E'a\n', '23514 platforms_id_format'), (repeat('a', 65), '23514 platforms_id_length'))
    AS bad (id, refusal);
SELECT ok(latchkey_admin.set_platform_active('bob', 'a-bank', false), 'A platform is disabled');
SELECT ok(NOT active AND disabled_at = now(), 'since now') FROM latchkey.platforms WHERE id = 'a-bank';
SELECT ok(latchkey_admin.set_platform_active('bob', 'a-bank', false), 'Disabling it again is fine');
SELECT ok(latchkey_admin.set_platform_active('carol', 'a-bank', true), 'It is enabled again');
SELECT ok(NOT latchkey_admin.set_platform_active('bob', p, false), 'One that is not there: false')
  FROM unnest(ARRAY['none', NULL]) AS p;
SELECT is(pg_temp.acts(), 'alice platform.create platform:a-bank, bob platform.disable platform:a-bank, '
                          'carol platform.enable platform:a-bank', 'Each change is recorded, and nothing else');

SELECT * FROM finish();
ROLLBACK;
