-- How the link modal opens: link_page, open_link, and what a session is good for, by link_platforms. Side by side: see
-- ../check.
\ir setup.psql

SELECT plan(100);

-- As latchkeyd's role has it, so that a table of two rows is planned as one of two millions; plans are kept.
SET LOCAL enable_seqscan = off;

SELECT pg_temp.make_app(n) FROM generate_series(1, 3) AS n;
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(3), false);
SELECT count(latchkey_admin.add_origin('tester', pg_temp.id(1), o))
  FROM unnest(ARRAY['https://page.example', 'http://localhost:3000', 'https://page.example:8443']) AS o;
SELECT count(latchkey_admin.add_origin('tester', pg_temp.id(n), 'https://other.example')) FROM unnest(ARRAY[2, 3]) AS n;
SELECT count(pg_temp.token(mode => 'sandbox', new_user_id => n)) FROM unnest(ARRAY[101, 102, 103]) AS n;
SELECT count(pg_temp.token(new_user_id => 110));
SELECT latchkey_admin.erase_user('tester', pg_temp.id(1), pg_temp.id(102));
INSERT INTO latchkey.users (client_app_id, id, mode, last_seen_on)
VALUES (pg_temp.id(3), pg_temp.id(131), 'sandbox', '2026-01-01');

-- link_page
SELECT results_eq('SELECT latchkey_api.link_page(pg_temp.id(1))',
                  $$ VALUES ('http://localhost:3000'), ('https://page.example'), ('https://page.example:8443') $$,
                  'The origins of an app, in order');
SELECT is_empty(format('SELECT latchkey_api.link_page(%L)', pg_temp.id(n)), 'None of an app that is not, or disabled')
  FROM unnest(ARRAY[3, 9, NULL]) AS n;
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT latchkey_api.link_page(pg_temp.id(1))'), 'ok',
          'The application asks for them');

-- open_link: what is refused, by precedence.
SELECT count(pg_temp.initializes(1));
SELECT is(pg_temp.opens(1, user_id => n, origin => 'none'), 'invalid_token no session',
          format('A token of user %s does not open', n))
  FROM unnest(ARRAY[NULL, 999, 102, 110]) AS n;
SELECT is(pg_temp.opens(1, app => n, origin => 'none'), 'invalid_token no session',
          format('nor one of app %s', n))
  FROM unnest(ARRAY[NULL, 2, 9]) AS n;
SELECT is(pg_temp.opens(1, app => 3, user_id => 131), 'invalid_token no session', 'nor one of a disabled app');
SELECT is(pg_temp.opens(1, mode => m, origin => 'none'), 'invalid_token no session',
          format('nor one of mode %s', COALESCE(left(m, 20), 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL, repeat('m', 100000)]) AS m;
SELECT latchkey_admin.revoke_token('tester', replace(pg_temp.id(7)::text, '-', ''), pg_temp.id(1),
                                   now() + interval '1 hour', NULL);
SELECT is(pg_temp.opens(7, origin => 'none'), 'invalid_token no session', 'nor one that is revoked');
SELECT is(pg_temp.opens(1, origin => o), 'unknown_origin no session',
          format('Origin %s is refused', COALESCE(left(o, 40), 'NULL')))
  FROM unnest(ARRAY['https://other.example', 'http://page.example', 'https://page.example/', 'https://page.example:1',
                    'HTTPS://page.example', 'null', '', '%', NULL, repeat('o', 100000)]) AS o;
SELECT is(pg_temp.opens(1, metadata => m), 'invalid_argument no session', format('Metadata %s is none', left(m, 20)))
  FROM unnest(ARRAY[NULL, '', '[]', '{', '{"a":"' || repeat('b', 16377) || '"}']) AS m;
SELECT is(pg_temp.opens(NULL, session => 's'), 'invalid_argument no session', 'A token has an id');
SELECT is(pg_temp.opens(2, expires => NULL), 'invalid_argument no session', 'and an end');
SELECT is(o.outcome, 'invalid_argument', 'A session''s key has a hash, of 32 bytes')
  FROM unnest(ARRAY[NULL, '', decode(repeat('ab', 31), 'hex'), decode(repeat('ab', 100000), 'hex')]::bytea[]) AS h,
       latchkey_api.open_link(pg_temp.id(1), pg_temp.id(1), pg_temp.id(101), 'sandbox', now(), 'https://page.example',
                              '{}', h) AS o;
SELECT results_eq('SELECT pg_temp.number(id), opened_at FROM latchkey.link_tokens', 'VALUES (1, NULL::timestamptz)',
                  'None of them opened anything, or used the token up');

-- open_link: once.
SELECT is(pg_temp.opens(1, metadata => '{ "n" : 1e400, "a":1, "a":"\u0000" }'), 'ok', 'A token opens the modal');
SELECT is(pg_temp.opens(1, session => 'another'), 'used_token no session', 'once');
SELECT is(pg_temp.opens(1), 'ok', 'The same call again is answered still');
SELECT is(pg_temp.opens(1, user_id => 103), 'used_token no session', 'It is not another user''s');
SELECT is(pg_temp.opens(1, user_id => 103, session => 'another'), 'used_token no session', 'whatever the session');
SELECT is(pg_temp.opens(2, metadata => '{}'), 'ok', 'A token that another endpoint made opens it as well');
SELECT is(pg_temp.opens(2, session => 'another'), 'used_token no session', 'once');
SELECT is(pg_temp.opens(3, session => 'session 1'), 'invalid_argument no session', 'A session is one token''s');
SELECT is(pg_temp.opens(4, origin => 'http://localhost:3000', metadata => '{"a":"' || repeat('b', 16376) || '"}'), 'ok',
          'Metadata may have 16384 bytes');
SELECT is(pg_temp.opens(7), 'invalid_token no session', 'A revoked one never opens it');
SELECT results_eq(
    $$ SELECT pg_temp.number(id), session_expires_at - opened_at, expires_at - created_at > interval '59 minutes',
              session_hash = sha256(convert_to('session ' || pg_temp.number(id), 'UTF8')), origin, metadata, webhook_url
         FROM latchkey.link_tokens WHERE id <> pg_temp.id(4) ORDER BY id $$,
    $$ VALUES (1, interval '1 hour', true, true, 'https://page.example' COLLATE "C",
               '{ "n" : 1e400, "a":1, "a":"\u0000" }', 'https://example.org/token'),
              (2, interval '1 hour', false, true, 'https://page.example', '{}', NULL) $$,
    'A session lasts an hour, whoever made the token; metadata is kept as it was written');
SELECT is(o.session_expires_at, t.session_expires_at, 'Its end is answered, also again')
  FROM latchkey.link_tokens AS t,
       latchkey_api.open_link(pg_temp.id(1), pg_temp.id(1), pg_temp.id(101), 'sandbox', now(), 'https://page.example',
                              '{}', sha256('session 1')) AS o
 WHERE t.id = pg_temp.id(1);

-- link_platforms: the catalogue, in order.
SELECT latchkey_admin.create_platform('tester', id, name, production, sandbox, url)
  FROM (VALUES ('b-bank', 'b Bank', true, true, 'https://b.example/'),
               ('a-bank', 'A Bank', true, true, 'https://a.example/'),
               ('c-bank', 'C Bank', true, false, 'https://c.example/'),
               ('same-two', 'Same', true, true, 'https://d.example/'),
               ('same-one', 'Same', true, true, 'https://d.example/'),
               ('same-low', 'same', true, true, 'https://d.example/'),
               ('odd', E'100% _Über\\', true, true, 'https://e.example/'),
               ('plain', 'Plain', true, true, NULL),
               ('closed', 'Closed', true, true, 'https://f.example/')) AS p (id, name, production, sandbox, url);
SELECT latchkey_admin.set_platform_active('tester', 'closed', false);

CREATE FUNCTION pg_temp.page(
    search     text    DEFAULT NULL,
    after_name text    DEFAULT NULL,
    after_id   text    DEFAULT NULL,
    at_most    integer DEFAULT 50,
    session    text    DEFAULT 'session 1',
    mode       text    DEFAULT 'sandbox'
)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_application;
    SELECT concat_ws(': ', min(p.outcome),
                     string_agg(concat_ws(' ', p.platform, CASE WHEN NOT p.has_connector THEN '(form)' END), ', '
                                ORDER BY p.place))
      INTO STRICT v_answer
      FROM latchkey_api.link_platforms(pg_temp.hashes(session), mode, search, after_name, after_id, at_most)
           WITH ORDINALITY AS p (outcome, client_app_id, platform, name, has_connector, place);
    RESET ROLE;
    RETURN v_answer;
END
$$;

SELECT is(pg_temp.page(), 'ok: odd, a-bank, b-bank, first-sandbox-bank (form), same-one, same-two, same-low',
          'The sandbox catalogue: what has a connector, or signs in within the modal, by name');
SELECT is(pg_temp.page(at_most => 2), 'ok: odd, a-bank', 'A page of it');
SELECT is(pg_temp.page(after_name => 'A Bank', after_id => 'a-bank', at_most => 2),
          'ok: b-bank, first-sandbox-bank (form)', 'the next');
SELECT is(pg_temp.page(after_name => 'Same', after_id => 'same-one', at_most => 1), 'ok: same-two',
          'One that ends among platforms of one name');
SELECT is(pg_temp.page(after_name => 'Same', after_id => 'same-two'), 'ok: same-low', 'or of one that differs by case');
SELECT is(pg_temp.page(after_name => 'same', after_id => 'same-low'), 'ok: ', 'Behind the last there is none');
SELECT is(pg_temp.page(after_name => 'b'), 'ok: b-bank, first-sandbox-bank (form), same-one, same-two, same-low',
          'A position need not be there');
SELECT is(pg_temp.page(at_most => n), 'ok: ', format('At most %s: none', n)) FROM unnest(ARRAY[0, -1, NULL]) AS n;
SELECT is(pg_temp.page(search => s), 'ok: ' || found, format('Searching for %s', s))
  FROM (VALUES ('', 'odd, a-bank, b-bank, first-sandbox-bank (form), same-one, same-two, same-low'),
               ('BANK', 'a-bank, b-bank, first-sandbox-bank (form)'), ('and', 'first-sandbox-bank (form)'),
               ('same', 'same-one, same-two, same-low'), ('über', 'odd'), ('%', 'odd'), ('_', 'odd'), (E'\\', 'odd'),
               ('.', ''), ('a%k', ''), ('c bank', ''), ('plain', ''), ('closed', '')) AS asked (s, found);
SELECT is(pg_temp.page(search => 'bank', after_name => 'A Bank', after_id => 'a-bank', at_most => 1), 'ok: b-bank',
          'A page of what is found');
SELECT is(pg_temp.page(search => repeat('s', 100000)), 'ok: ', 'Long texts raise nothing');

-- A session is good for its own mode, up to its end, while its app, user and token are.
SELECT count(pg_temp.opens(8, user_id => 110, mode => 'production'));
SELECT is(pg_temp.page(session => 'session 8', mode => 'production'), 'ok: odd, a-bank, b-bank, c-bank, same-one, '
          'same-two, same-low', 'The production catalogue');
SELECT is(pg_temp.page(session => 'session 8'), 'unknown_session: ', 'A session is of one mode');
SELECT is(pg_temp.page(mode => m), 'unknown_session: ', format('and not of mode %s', COALESCE(left(m, 20), 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL, repeat('m', 100000)]) AS m;
SELECT is(pg_temp.page(session => s), 'unknown_session: ', format('Session %s is not known', COALESCE(s, 'NULL')))
  FROM unnest(ARRAY['another', '', NULL]) AS s;
SELECT is(concat(p), '(unknown_session,,,,)', 'which is one row, of NULLs') FROM latchkey_api.link_platforms(
    NULL, NULL, NULL, NULL, NULL, NULL) AS p;
SELECT is(p.outcome, 'unknown_session', 'Odd arrays raise nothing') FROM latchkey_api.link_platforms(
    ARRAY[[NULL, ''], ['\x00', NULL]]::bytea[], 'sandbox', '', NULL, NULL, 1) AS p;
SELECT is(concat_ws(' ', p.outcome, pg_temp.number(p.client_app_id), p.platform), 'ok 1',
          'Where there is none, the app is said') FROM latchkey_api.link_platforms(
    pg_temp.hashes('session 1'), 'sandbox', 'none', NULL, NULL, 1) AS p;
UPDATE latchkey.link_tokens SET session_expires_at = clock_timestamp() + interval '1 minute'
 WHERE id = pg_temp.id(1);
SELECT is(pg_temp.page(at_most => 1), 'ok: odd', 'A session is good up to its end');
UPDATE latchkey.link_tokens SET session_expires_at = clock_timestamp() WHERE id = pg_temp.id(1);
SELECT is(pg_temp.page(), 'unknown_session: ', 'and from its end no longer');
SELECT is(pg_temp.page(at_most => 1, session => 'session 2'), 'ok: odd', 'Another of the same user is good');
SELECT latchkey_admin.revoke_token('tester', replace(pg_temp.id(2)::text, '-', ''), pg_temp.id(1),
                                   now() + interval '1 hour', NULL);
SELECT is(pg_temp.page(session => 'session 2'), 'unknown_session: ', 'until its token is revoked');
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), false);
SELECT is(pg_temp.page(session => 'session 4'), 'unknown_session: ', 'or its app disabled');
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), true);
UPDATE latchkey.users SET erased_at = now(), last_seen_on = NULL, request_id = NULL WHERE id = pg_temp.id(101);
SELECT is(pg_temp.page(session => 'session 4'), 'unknown_session: ', 'or its user erased');

-- By index: the session by its hash, the catalogue in the order that it is answered in.
SELECT set_eq($$ SELECT * FROM pg_temp.scans(format(
    'SELECT latchkey_api.link_platforms(%L, ''production'', NULL, NULL, NULL, 50)', ARRAY[sha256('session 8')])) $$,
    $$ VALUES ('latchkey.link_tokens_session_hash', 1::bigint), ('latchkey.users_pkey', 1),
              ('latchkey.client_apps_pkey', 1), ('latchkey.revoked_tokens_pkey', 1),
              ('latchkey.platforms_in_order', 1) $$, 'One look-up in each of five indexes');
SELECT set_eq($$ SELECT * FROM pg_temp.scans('SELECT pg_temp.opens(20, user_id => 103)')
                  WHERE relation ~ 'link_tokens' $$,
    $$ VALUES ('latchkey.link_tokens_pkey', 2::bigint) $$, 'a token by its id, to be opened and to see whether it was');
SELECT set_eq($$ SELECT * FROM pg_temp.scans('SELECT latchkey_api.link_page(pg_temp.id(1))') $$,
    $$ VALUES ('latchkey.client_app_origins_pkey', 1::bigint), ('latchkey.client_apps_pkey', 1) $$,
    'and two for the page');

SELECT * FROM finish();
ROLLBACK;
