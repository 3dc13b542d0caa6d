-- What a user tries in the link modal, from begin_link_attempt through its retrieval to its end: read_link_attempt,
-- changed_link_attempts, and begin_retrieval, finish_retrieval and abandon_retrievals for attempts. Side by side: see
-- ../check.
\ir setup.psql

SELECT plan(117);

-- As latchkeyd's role has it, so that a table of two rows is planned as one of two millions; plans are kept.
SET LOCAL enable_seqscan = off;

SELECT pg_temp.make_app(n) FROM generate_series(1, 2) AS n;
SELECT count(latchkey_admin.add_origin('tester', pg_temp.id(1), 'https://page.example'));
SELECT pg_temp.make_collector(n) FROM generate_series(1, 3) AS n;
SELECT latchkey_admin.set_collector_active('tester', pg_temp.id(3), false);
SELECT latchkey_admin.create_platform('tester', id, name, production, sandbox, url)
  FROM (VALUES ('a-bank', 'A Bank', true, true, 'https://a.example/?b=c'),
               ('live-bank', 'Live Bank', true, false, 'https://b.example/'),
               ('closed-bank', 'Closed Bank', true, true, 'https://c.example/'),
               ('plain', 'Plain', true, true, NULL)) AS p (id, name, production, sandbox, url);
SELECT latchkey_admin.set_platform_active('tester', 'closed-bank', false);
-- Tokens 1 and 2 are user 101's, 3 is user 102's, 4 is user 110's in production.
SELECT count(pg_temp.initializes(n)) FROM generate_series(1, 2) AS n;
SELECT count(pg_temp.initializes(3, new_user_id => 102));
SELECT count(pg_temp.initializes(4, new_user_id => 110, mode => 'production'));
SELECT count(pg_temp.opens(n, metadata => '{"n":' || n || '}')) FROM generate_series(1, 2) AS n;
SELECT count(pg_temp.opens(3, user_id => 102)), count(pg_temp.opens(4, user_id => 110, mode => 'production'));

-- begin_link_attempt: what is refused, by precedence.
SELECT is(pg_temp.tries(NULL, s, platform => 'none'), 'unknown_session no time',
          format('Session %s tries nothing', COALESCE(s, 'NULL')))
  FROM unnest(ARRAY['another', '', NULL, 'session 4']) AS s;
SELECT is(pg_temp.tries(NULL, mode => m, platform => 'none'), 'unknown_session no time',
          format('nor one of another mode than %s', COALESCE(left(m, 20), 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL, repeat('m', 100000)]) AS m;
SELECT is(pg_temp.tries(NULL, platform => p), 'unknown_platform app 1 no time',
          format('Platform %s is not in the catalogue', COALESCE(left(p, 20), 'NULL')))
  FROM unnest(ARRAY['none', 'closed-bank', 'live-bank', 'plain', 'A-BANK', '', NULL, repeat('p', 100000)]) AS p;
SELECT is(pg_temp.tries(NULL, 'session 4', 'production'), 'unknown_platform app 1 no time',
          'nor is the sandbox bank in production');
SELECT is(pg_temp.tries(NULL), 'invalid_argument app 1 no time', 'An attempt has an id');
SELECT is(pg_temp.tries(1, tax_year => y), 'invalid_argument app 1 no time', format('Year %s is none', y))
  FROM unnest(ARRAY[NULL, 1899, 10000, -2147483648, 2147483647]) AS y;
SELECT is((SELECT count(*) FROM latchkey.link_attempts), 0::bigint, 'None of them stored anything');

-- begin_link_attempt: what is stored.
SELECT is(pg_temp.tries(1), 'ok app 1 First Sandbox Bank', 'An attempt is begun');
SELECT is(pg_temp.tries(2, platform => 'a-bank', tax_year => 2021), 'ok app 1 A Bank https://a.example/?b=c',
          'one with a connector');
SELECT is(pg_temp.tries(3, 'session 3'), 'ok app 1 First Sandbox Bank', 'one of another user');
SELECT is(pg_temp.tries(4, 'session 4', 'production', 'live-bank'), 'ok app 1 Live Bank https://b.example/',
          'one in production');
SELECT results_eq(
    $$ SELECT pg_temp.number(id), pg_temp.number(token_id), pg_temp.number(client_app_id), pg_temp.number(user_id),
              mode::text, platform, tax_year, status, retrieval_id, document_ids, finished_at
         FROM latchkey.link_attempts ORDER BY id $$,
    $$ VALUES (1, 1, 1, 101, 'sandbox', 'first-sandbox-bank' COLLATE "C", 2020, 'waiting', NULL::uuid, NULL::uuid[],
               NULL::timestamptz),
              (2, 1, 1, 101, 'sandbox', 'a-bank', 2021, 'waiting', NULL, NULL, NULL),
              (3, 3, 1, 102, 'sandbox', 'first-sandbox-bank', 2020, 'waiting', NULL, NULL, NULL),
              (4, 4, 1, 110, 'production', 'live-bank', 2020, 'waiting', NULL, NULL, NULL) $$,
    'They wait, with the user and mode of their token');
UPDATE latchkey.link_attempts SET created_at = '2026-01-01T00:00:00Z' WHERE id = pg_temp.id(1);
SELECT is(ROW(b.created_at, b.expires_at), ROW('2026-01-01T00:00:00Z'::timestamptz, t.session_expires_at),
          'The same call again answers the same time, and the session''s end')
  FROM latchkey.link_tokens AS t,
       latchkey_api.begin_link_attempt(pg_temp.hashes('session 1'), 'sandbox', pg_temp.id(1), 'first-sandbox-bank',
                                       2020) AS b
 WHERE t.id = pg_temp.id(1);
SELECT is(pg_temp.tries(1, tax_year => 2021), 'invalid_argument app 1 no time', 'The id is not another year''s');
SELECT is(pg_temp.tries(1, platform => 'a-bank'), 'invalid_argument app 1 no time', 'nor another platform''s');
SELECT is(pg_temp.tries(1, 'session 2'), 'invalid_argument app 1 no time', 'nor another session''s');

-- At most 100 for a token.
SELECT count(pg_temp.tries(n, 'session 2')) FROM generate_series(201, 299) AS n;
SELECT is(pg_temp.tries(300, 'session 2'), 'ok app 1 First Sandbox Bank', 'A hundredth attempt');
SELECT is(pg_temp.tries(301, 'session 2'), 'too_many_attempts app 1 no time', 'is the last');
SELECT is(pg_temp.tries(300, 'session 2'), 'ok app 1 First Sandbox Bank', 'and is answered again');
SELECT is(pg_temp.tries(5), 'ok app 1 First Sandbox Bank', 'Another token''s do not count');

-- read_link_attempt
SELECT is(pg_temp.follows(1, s), 'unknown_session', format('Session %s reads nothing', COALESCE(s, 'NULL')))
  FROM unnest(ARRAY['another', NULL, 'session 4']) AS s;
SELECT is(pg_temp.follows(1, mode => 'production'), 'unknown_session', 'nor one in the other mode');
SELECT is(pg_temp.follows(n), 'unknown_attempt app 1', 'An attempt that is not there, or another''s, is not read')
  FROM unnest(ARRAY[999, NULL, 3, 201]) AS n;
SELECT is(pg_temp.follows(1), 'ok app 1 waiting first-sandbox-bank First Sandbox Bank 2020', 'One''s own is read');

-- changed_link_attempts
CREATE FUNCTION pg_temp.changed(p_ids integer[], p_seen text[])
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_application;
    SELECT string_agg(pg_temp.number(c)::text, ' ')
      INTO v_answer
      FROM latchkey_api.changed_link_attempts(ARRAY(SELECT pg_temp.id(n) FROM unnest(p_ids) AS n), p_seen) AS c;
    RESET ROLE;
    RETURN v_answer;
END
$$;
SELECT is(pg_temp.changed(ARRAY[1, 2, 4], ARRAY['waiting', 'waiting', 'waiting']), NULL, 'None of them has changed');
SELECT is(pg_temp.changed(ARRAY[1, 999, 2], ARRAY['waiting', 'waiting', 'working']), '999 2',
          'One that is gone has, and one that was seen as something else');
SELECT is(pg_temp.changed(ARRAY[1, 999, NULL], ARRAY[NULL, NULL, NULL]), '1 999', 'Nothing was seen: changed');
SELECT is(pg_temp.changed(ARRAY[1, 2], ARRAY['waiting']), '2', 'also where that is not said');
SELECT is(pg_temp.changed(NULL, NULL), NULL, 'Of none: none');

-- begin_retrieval for an attempt: what is refused, by precedence.
SELECT is(pg_temp.begins_for(1, 21, 'key 9'), 'unknown_collector no time', 'An unknown collector begins nothing');
SELECT is(pg_temp.begins_for(1, 21, 'key 3'), 'disabled_collector collector 3 no time', 'nor a disabled one');
SELECT is(pg_temp.begins_for(999, 21), 'invalid_token collector 1 no time', 'An attempt that is not there');
SELECT is(pg_temp.begins_for(1, 21, mode => m), 'invalid_token collector 1 no time',
          format('In mode %s there is none', COALESCE(left(m, 20), 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL, repeat('m', 100000)]) AS m;
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), false);
SELECT is(pg_temp.begins_for(1, 21), 'invalid_token collector 1 no time', 'nor one of a disabled app');
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), true);
SELECT latchkey_admin.set_platform_active('tester', 'first-sandbox-bank', false);
SELECT is(pg_temp.begins_for(1, 21), 'unknown_platform collector 1 no time app 1', 'A platform disabled since');
SELECT latchkey_admin.set_platform_active('tester', 'first-sandbox-bank', true);
SELECT is(pg_temp.begins_for(1, NULL), 'invalid_argument collector 1 no time app 1', 'A retrieval has an id');
SELECT count(pg_temp.begins(20));
SELECT is(pg_temp.begins_for(1, 20), 'invalid_argument collector 1 no time app 1', 'which is no other retrieval''s');
SELECT is((SELECT count(*) FROM latchkey.link_attempts WHERE status <> 'waiting'), 0::bigint, 'All of them wait still');

-- begin_retrieval for an attempt: once, by one collector.
SELECT is(pg_temp.begins_for(1, 21), 'ok collector 1 retrieval 21 app 1 first-sandbox-bank 2020',
          'A retrieval is begun, as the attempt says');
SELECT results_eq(
    $$ SELECT pg_temp.number(collector_id), pg_temp.number(client_app_id), pg_temp.number(user_id), mode::text,
              platform, tax_year, status, request_id, webhook_url, pg_temp.number(attempt_id), link_metadata, metadata
         FROM latchkey.retrievals WHERE id = pg_temp.id(21) $$,
    $$ VALUES (1, 1, 101, 'sandbox', 'first-sandbox-bank' COLLATE "C", 2020, 'open', 'request-1',
               'https://example.org/token', 1, '{"n":1}', '{}') $$,
    'It has the URL of the token and the metadata of the page');
SELECT is(pg_temp.follows(1), 'ok app 1 working first-sandbox-bank First Sandbox Bank 2020', 'The attempt is working');
SELECT is(pg_temp.changed(ARRAY[1, 1], ARRAY['waiting', 'working']), '1', 'which is a change');
UPDATE latchkey.retrievals SET created_at = '2026-01-01T00:00:00Z' WHERE id = pg_temp.id(21);
SELECT is(pg_temp.begins_for(1, n), 'ok collector 1 retrieval 21 app 1 first-sandbox-bank 2020',
          'The same collector again: the same retrieval') FROM unnest(ARRAY[21, 22]) AS n;
SELECT is(b.created_at, '2026-01-01T00:00:00Z'::timestamptz, 'since the same time')
  FROM latchkey_api.begin_retrieval(pg_temp.hashes('key 1'), 'sandbox', pg_temp.id(22), NULL, NULL, NULL, NULL, NULL,
                                    NULL, pg_temp.id(1)) AS b;
SELECT is(pg_temp.begins_for(1, 22, 'key 2'), 'invalid_token collector 2 no time', 'Another: none');
SELECT is(pg_temp.begins(21), 'invalid_argument collector 1 no time', 'It is not what an access token begins');
SELECT is((SELECT count(*) FROM latchkey.retrievals), 2::bigint, 'There is one');

-- finish_retrieval for an attempt.
SELECT count(pg_temp.uploads(21, n)) FROM unnest(ARRAY['b.pdf', 'B.pdf']) AS n;
SELECT is(pg_temp.finishes(21, metadata => '{"by":"collector"}'),
          'ok app 1 success first-sandbox-bank 2020 2 documents', 'Its retrieval is finished');
SELECT is(pg_temp.follows(1), 'ok app 1 success first-sandbox-bank First Sandbox Bank 2020 over '
          'B.pdf/application/pdf/1000 b.pdf/application/pdf/1000', 'The attempt is a success, with its documents');
SELECT is(ROW(a.finished_at, cardinality(a.document_ids)), ROW(r.finished_at, 2), 'at the same time')
  FROM latchkey.link_attempts AS a JOIN latchkey.retrievals AS r ON r.id = a.retrieval_id;
SELECT results_eq('SELECT url, metadata, status FROM latchkey.webhook_deliveries',
                  $$ VALUES ('https://example.org/token', '{"n":1}', 'success') $$,
                  'It is announced at the token''s URL, with the page''s metadata');
SELECT is(metadata, '{"by":"collector"}', 'The collector''s is kept as well')
  FROM latchkey.retrievals WHERE id = pg_temp.id(21);
SELECT is(pg_temp.changed(ARRAY[1, 1], ARRAY['working', 'success']), '1', 'which is a change');
SELECT is(pg_temp.begins_for(1, 21), 'finished_retrieval collector 1 no time app 1', 'It is over');
SELECT is(pg_temp.begins_for(1, 23, 'key 2'), 'invalid_token collector 2 no time', 'for others it is none');
SELECT is(pg_temp.finishes(21), 'ok app 1 success first-sandbox-bank 2020 2 documents', 'The same end again');
DELETE FROM latchkey.documents WHERE file_name = 'B.pdf';
SELECT is(pg_temp.follows(1), 'ok app 1 success first-sandbox-bank First Sandbox Bank 2020 over '
          'b.pdf/application/pdf/1000', 'A document that is gone is left out');
DELETE FROM latchkey.documents;
SELECT is(pg_temp.follows(1), 'ok app 1 success first-sandbox-bank First Sandbox Bank 2020 over',
          'One row, where all are');

SELECT count(pg_temp.begins_for(2, 24)), count(pg_temp.uploads(24, 'a.pdf'));
SELECT is(pg_temp.finishes(24, 'failure'), 'ok app 1 failure a-bank 2021 0 documents', 'A failure');
SELECT is(pg_temp.follows(2), 'ok app 1 failure a-bank A Bank 2021 over', 'is the attempt''s, without documents');
SELECT is(pg_temp.begins_for(2, 25), 'finished_retrieval collector 1 no time app 1', 'It is over as well');
SELECT count(pg_temp.begins_for(5, 26));
SELECT is(pg_temp.finishes(26), 'ok app 1 success first-sandbox-bank 2020 0 documents', 'A success without files');
SELECT is(pg_temp.follows(5), 'ok app 1 success first-sandbox-bank First Sandbox Bank 2020 over', 'is one');

-- An access token that was kept: its URL, but no metadata of a page.
SELECT is(pg_temp.begins(30, token_id => 1), 'ok collector 1', 'A retrieval of an access token');
SELECT is(pg_temp.begins(31, user_id => 102, token_id => 1), 'ok collector 1', 'one of another user''s');
SELECT is(pg_temp.begins(32, token_id => 999), 'ok collector 1', 'one of a token that was not kept');
SELECT results_eq(
    'SELECT pg_temp.number(id), webhook_url, attempt_id, link_metadata FROM latchkey.retrievals
      WHERE id BETWEEN pg_temp.id(30) AND pg_temp.id(32) ORDER BY id',
    $$ VALUES (30, 'https://example.org/token', NULL::uuid, NULL::text), (31, NULL, NULL, NULL),
              (32, NULL, NULL, NULL) $$, 'have its own URL or none, and the metadata that they are finished with');
SELECT count(pg_temp.finishes(30, metadata => '{"by":"collector"}'));
SELECT is(url || metadata, 'https://example.org/token{"by":"collector"}', 'which is announced')
  FROM latchkey.webhook_deliveries WHERE retrieval_id = pg_temp.id(30);

-- abandon_retrievals
SELECT count(pg_temp.begins_for(201, 40)), count(pg_temp.begins_for(202, 41));
UPDATE latchkey.retrievals SET created_at = now() - interval '2 days' WHERE id = pg_temp.id(40);
SELECT is(latchkey_admin.abandon_retrievals('1 day', 10), 1::bigint, 'A retrieval is abandoned');
SELECT is(pg_temp.follows(n, 'session 2'), 'ok app 1 ' || status, 'Its attempt has failed, the other has not')
  FROM (VALUES (201, 'failure first-sandbox-bank First Sandbox Bank 2020 over'),
               (202, 'working first-sandbox-bank First Sandbox Bank 2020'),
               (203, 'waiting first-sandbox-bank First Sandbox Bank 2020')) AS a (n, status);
SELECT is(pg_temp.begins_for(201, 42), 'finished_retrieval collector 1 no time app 1', 'and is over');

-- Its session's end is none of a retrieval's; a revoked token, an erased user is.
UPDATE latchkey.link_tokens SET session_expires_at = now() WHERE id = pg_temp.id(2);
SELECT is(pg_temp.begins_for(204, 43), 'ok collector 1 retrieval 43 app 1 first-sandbox-bank 2020',
          'An attempt of a session that is over may be taken up');
SELECT is(pg_temp.finishes(43), 'ok app 1 success first-sandbox-bank 2020 0 documents', 'and finished');
SELECT latchkey_admin.revoke_token('tester', replace(pg_temp.id(2)::text, '-', ''), pg_temp.id(1),
                                   now() + interval '1 hour', NULL);
SELECT is(pg_temp.begins_for(n, 44), 'invalid_token collector 1 no time', 'but not one of a revoked token')
  FROM unnest(ARRAY[205, 202]) AS n;
UPDATE latchkey.users SET erased_at = now(), last_seen_on = NULL, request_id = NULL WHERE id = pg_temp.id(102);
SELECT is(pg_temp.begins_for(3, 45), 'invalid_token collector 1 no time', 'nor of an erased user');
SELECT is(pg_temp.tries(6, 'session 3'), 'unknown_session no time', 'who tries nothing more');

-- The two modes, apart.
SELECT is(pg_temp.begins_for(4, 46, mode => 'sandbox'), 'invalid_token collector 1 no time',
          'Production is not sandbox');
SELECT is(pg_temp.begins_for(4, 46, mode => 'production'), 'ok collector 1 retrieval 46 app 1 live-bank 2020',
          'it is production');

-- Nothing is raised, whatever the arguments.
SELECT is(pg_temp.attempt('latchkey_application', s), 'ok', s)
  FROM unnest(ARRAY[
    'SELECT latchkey_api.begin_link_attempt(NULL, NULL, NULL, NULL, NULL)',
    'SELECT latchkey_api.read_link_attempt(NULL, NULL, NULL)',
    'SELECT latchkey_api.changed_link_attempts(NULL, NULL)',
    'SELECT latchkey_api.begin_link_attempt(ARRAY[[NULL, ''''], [''\x00'', NULL]]::bytea[], '''', NULL, '''', 0)',
    'SELECT latchkey_api.read_link_attempt(ARRAY[[NULL, ''''], [''\x00'', NULL]]::bytea[], '''', NULL)',
    'SELECT latchkey_api.changed_link_attempts(ARRAY[[NULL], [NULL]]::uuid[], ARRAY[[NULL, '''']])']) AS s;

-- Watching is one look-up by primary key for each attempt, reading one for each table; the documents are looked up
-- among the user's, by one of two indexes.
SELECT set_eq($$ SELECT * FROM pg_temp.scans(
    'SELECT latchkey_api.changed_link_attempts(ARRAY[pg_temp.id(1), pg_temp.id(4), pg_temp.id(999)],'
    ' ARRAY[''waiting'', ''waiting'', ''waiting''])') $$, $$ VALUES ('latchkey.link_attempts_pkey', 3::bigint) $$,
    'Three attempts: three look-ups');
SELECT set_eq($$ SELECT regexp_replace(relation, '^(latchkey.documents_)\w+', '\1...'), scans FROM pg_temp.scans(format(
    'SELECT latchkey_api.read_link_attempt(%L, ''sandbox'', pg_temp.id(1))', ARRAY[sha256('session 1')])) $$,
    $$ VALUES ('latchkey.link_tokens_session_hash', 1::bigint), ('latchkey.users_pkey', 1),
              ('latchkey.client_apps_pkey', 1), ('latchkey.revoked_tokens_pkey', 1), ('latchkey.link_attempts_pkey', 1),
              ('latchkey.platforms_pkey', 1), ('latchkey.documents_...', 1) $$, 'One look-up in each of seven indexes');

SELECT * FROM finish();
ROLLBACK;
