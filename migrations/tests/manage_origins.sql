-- add_origin, remove_origin: what they store, answer and record. Side by side: see ../check.
\ir setup.psql

SELECT plan(49);

SELECT pg_temp.make_app(n) FROM generate_series(1, 2) AS n;
DELETE FROM latchkey.audit_log;

CREATE FUNCTION pg_temp.adds(p_origin text, p_app integer DEFAULT 1)
RETURNS text
LANGUAGE sql
AS $$
    SELECT latchkey_admin.add_origin('alice', pg_temp.id(p_app), p_origin)
$$;

CREATE FUNCTION pg_temp.removes(p_origin text, p_app integer DEFAULT 1)
RETURNS boolean
LANGUAGE sql
AS $$
    SELECT latchkey_admin.remove_origin('bob', pg_temp.id(p_app), p_origin)
$$;

CREATE FUNCTION pg_temp.acts()
RETURNS text[]
LANGUAGE sql
AS $$
    SELECT array_agg(concat_ws(' ', actor, act, object, detail) ORDER BY acted_at) FROM latchkey.audit_log
$$;

SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.add_origin('alice', pg_temp.id(1), 'https://page.example') $$), 'ok',
          'The administrator adds an origin');
SELECT is(pg_temp.adds('https://page.example'), 'already', 'Once is enough');
SELECT is(pg_temp.adds('https://page.example', 2), 'ok', 'Another app may have it as well');
SELECT is(pg_temp.adds('https://page.example', n), 'unknown_app', 'No such app') FROM unnest(ARRAY[9, NULL]) AS n;
SELECT is(pg_temp.acts(), ARRAY[
    format('alice origin.add client_app:%s {"origin": "https://page.example"}', pg_temp.id(1)),
    format('alice origin.add client_app:%s {"origin": "https://page.example"}', pg_temp.id(2))],
    'The audit log says who added which');

-- What is an origin as browsers write it, at its bound and one beyond.
SELECT is(pg_temp.adds(o), 'ok', format('%s is an origin', left(o, 40)))
  FROM unnest(ARRAY['https://page.example:8443', 'http://localhost:3000', 'http://127.0.0.1', 'https://[::1]',
                    'https://[2001:db8::ffff:192.0.2.1]:65535', 'https://xn--bcher-kva.example',
                    'https://' || repeat('h', 252)]) AS o;
SELECT is(pg_temp.attempt('latchkey_administrator',
                          format('SELECT latchkey_admin.add_origin(''alice'', pg_temp.id(1), %L)', o)),
          '23514 client_app_origins_origin_' || refusal, format('%s is none', to_json(left(o, 40))))
  FROM (VALUES ('', 'format'), ('https://', 'format'), ('https://Page.example', 'format'),
               ('https://page.example/', 'format'), ('https://page.example/a', 'format'),
               ('https://page.example?a', 'format'), ('https://a@page.example', 'format'),
               ('https://page.example:', 'format'), ('https://page.example:123456', 'format'),
               ('https://bücher.example', 'format'), ('ftp://page.example', 'format'), ('null', 'format'),
               ('*', 'format'), ('https://*.example', 'format'), ('https://page.example ', 'format'),
               (E'https://page.example\n', 'format'), ('https://page.example; script-src *', 'format'),
               ('https://[page]', 'format'), ('https://[::1', 'format'),
               ('https://' || repeat('h', 253), 'length')) AS bad (o, refusal);
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT latchkey_admin.add_origin(''alice'', pg_temp.id(1), NULL)'),
          '23502', 'nor is NULL');

-- At most 20 for an app.
SELECT count(pg_temp.adds('https://page.example:' || n)) FROM generate_series(1, 12) AS n;
SELECT is((SELECT count(*) FROM latchkey.client_app_origins WHERE client_app_id = pg_temp.id(1)), 20::bigint,
          'Twenty origins');
SELECT is(pg_temp.adds('https://page.example:13'), 'too_many', 'are as many as there may be');
SELECT is(pg_temp.adds('https://page.example:12'), 'already', 'One of them is there already');
SELECT is(pg_temp.adds('https://page.example:13', 2), 'ok', 'Another app''s do not count');

-- Removing.
DELETE FROM latchkey.audit_log;
SELECT ok(NOT pg_temp.removes(o, a), 'What is not there is not removed')
  FROM (VALUES ('https://nowhere.example', 1), ('https://page.example', 9), ('https://page.example:1', 2),
               (NULL, 1), ('https://page.example', NULL)) AS none (o, a);
SELECT is(pg_temp.acts(), NULL, 'and nothing is recorded');
SELECT ok(pg_temp.removes('https://page.example'), 'An origin is removed');
SELECT set_eq($$ SELECT pg_temp.number(client_app_id) FROM latchkey.client_app_origins
                  WHERE origin = 'https://page.example' $$, 'VALUES (2)', 'from this app alone');
SELECT is(pg_temp.acts(), ARRAY[
    format('bob origin.remove client_app:%s {"origin": "https://page.example"}', pg_temp.id(1))],
    'The audit log says who removed it');
SELECT is(pg_temp.adds('https://page.example:13'), 'ok', 'There is room for another');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.remove_origin('bob', pg_temp.id(1), 'https://page.example:13') $$), 'ok',
          'The administrator removes it');

SELECT * FROM finish();
ROLLBACK;
