-- What collectors do: begin_retrieval, authorize_upload, record_file, finish_retrieval. Side by side: see ../check.
\ir setup.psql

SELECT plan(171);

SELECT pg_temp.make_app(n) FROM generate_series(1, 3) AS n;
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(3), false);
SELECT pg_temp.make_collector(n) FROM generate_series(1, 3) AS n;
SELECT latchkey_admin.set_collector_active('tester', pg_temp.id(3), false);
SELECT count(pg_temp.token(mode => 'sandbox', new_user_id => n)) FROM unnest(ARRAY[101, 102, 103]) AS n;
SELECT count(pg_temp.token(new_user_id => 110));
SELECT latchkey_admin.erase_user('tester', pg_temp.id(1), pg_temp.id(102));
INSERT INTO latchkey.users (client_app_id, id, mode, last_seen_on)
VALUES (pg_temp.id(3), pg_temp.id(131), 'sandbox', '2026-01-01');
SELECT latchkey_admin.create_platform('tester', 'a-bank', 'A Bank', true, true, NULL);
SELECT latchkey_admin.create_platform('tester', 'live-bank', 'Live Bank', true, false, NULL);
SELECT latchkey_admin.create_platform('tester', 'closed-bank', 'Closed Bank', true, true, NULL);
SELECT latchkey_admin.set_platform_active('tester', 'closed-bank', false);

-- begin_retrieval: what is refused, by precedence.
SELECT is(pg_temp.begins(1, key => 'key 9', user_id => 999), 'unknown_collector no time', 'An unknown key is refused');
SELECT is(pg_temp.begins(1, key => NULL), 'unknown_collector no time', 'and no key');
SELECT is(pg_temp.begins(1, key => 'key 3', user_id => 999), 'disabled_collector collector 3 no time',
          'A disabled collector is refused; it is named for the log');
SELECT is(pg_temp.begins(1, user_id => n, platform => 'none'), 'invalid_token collector 1 no time',
          format('A user %s is refused', n))
  FROM unnest(ARRAY[NULL, 999, 102, 110, 131]) AS n;
SELECT is(pg_temp.begins(1, app => n), 'invalid_token collector 1 no time', format('A user of app %s is refused', n))
  FROM unnest(ARRAY[NULL, 2, 9]) AS n;
SELECT is(pg_temp.begins(1, app => 3, user_id => 131), 'invalid_token collector 1 no time',
          'A user of a disabled app is refused');
SELECT is(pg_temp.begins(1, mode => m), 'invalid_token collector 1 no time',
          format('A sandbox user is refused in mode %s', COALESCE(m, 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL, repeat('m', 100000)]) AS m;
SELECT is(pg_temp.begins(1, platform => p), 'unknown_platform collector 1 no time',
          format('Platform %s is refused', COALESCE(left(p, 40), 'NULL')))
  FROM unnest(ARRAY['none', 'closed-bank', 'live-bank', 'A-BANK', '', NULL, repeat('p', 100000)]) AS p;
SELECT is(pg_temp.begins(1, mode => 'production', user_id => 110), 'unknown_platform collector 1 no time',
          'and one of sandbox mode in production');
SELECT is(pg_temp.begins(1, tax_year => y), 'invalid_argument collector 1 no time', format('Year %s is none', y))
  FROM unnest(ARRAY[NULL, 1899, 10000, -2147483648, 2147483647]) AS y;
SELECT is(pg_temp.begins(NULL), 'invalid_argument collector 1 no time', 'A retrieval has an id');
SELECT is(count(*), 0::bigint, 'None of them stored anything') FROM latchkey.retrievals;

-- begin_retrieval: what is stored.
SELECT is(pg_temp.begins(1), 'ok collector 1', 'A retrieval is begun');
SELECT is(pg_temp.begins(2, mode => 'production', user_id => 110, platform => 'live-bank', request_id => 'a b'),
          'ok collector 1', 'and one in production');
SELECT results_eq(
    $$ SELECT pg_temp.number(id), pg_temp.number(collector_id), pg_temp.number(client_app_id), pg_temp.number(user_id),
              mode::text, platform, tax_year, status, finished_at, request_id, webhook_url, document_count
         FROM latchkey.retrievals ORDER BY id $$,
    $$ VALUES (1, 1, 1, 101, 'sandbox', 'first-sandbox-bank' COLLATE "C", 2020, 'open', NULL::timestamptz, 'request-1',
               NULL::text, 0),
              (2, 1, 1, 110, 'production', 'live-bank', 2020, 'open', NULL, NULL, NULL, 0) $$,
    'They are open; a request id that is none is not stored');
SELECT ok(a.number < b.number, 'Their numbers count up')
  FROM latchkey.retrievals AS a, latchkey.retrievals AS b WHERE a.id = pg_temp.id(1) AND b.id = pg_temp.id(2);
UPDATE latchkey.retrievals SET created_at = '2026-01-01T00:00:00Z' WHERE id = pg_temp.id(1);
SELECT is(b.created_at, '2026-01-01T00:00:00Z'::timestamptz, 'The same call again answers the same time')
  FROM latchkey_api.begin_retrieval(pg_temp.hashes('key 1'), 'sandbox', pg_temp.id(1), pg_temp.id(1), pg_temp.id(101),
                                    'first-sandbox-bank', 2020, NULL, NULL, NULL) AS b;
UPDATE latchkey.retrievals SET created_at = now() WHERE id = pg_temp.id(1);
SELECT is(pg_temp.begins(1, key => 'key 2'), 'invalid_argument collector 2 no time',
          'The id is another''s for another collector');
SELECT is(pg_temp.begins(1, tax_year => 2021), 'invalid_argument collector 1 no time', 'and for another year');
SELECT is(pg_temp.begins(1, user_id => 103), 'invalid_argument collector 1 no time', 'and for another user');
SELECT is(count(*), 2::bigint, 'None of them stored another') FROM latchkey.retrievals;

-- Uploads: what is refused, by precedence.
SELECT is(pg_temp.uploads(1, 'a.pdf', key => 'key 9'), 'unknown_collector', 'One with an unknown key is refused');
SELECT is(pg_temp.uploads(1, 'a.pdf', key => 'key 3'), 'disabled_collector', 'and with a disabled one');
SELECT is(pg_temp.uploads(9, 'a.pdf'), 'unknown_retrieval', 'and for a retrieval that is not there');
SELECT is(pg_temp.uploads(NULL, 'a.pdf'), 'unknown_retrieval', 'and for none');
SELECT is(pg_temp.uploads(1, 'a.pdf', key => 'key 2'), 'unknown_retrieval', 'and for another collector''s');
SELECT is(pg_temp.uploads(1, 'a.pdf', mode => m), 'unknown_retrieval',
          format('and in mode %s', COALESCE(left(m, 20), 'NULL')))
  FROM unnest(ARRAY['production', 'SANDBOX', '', NULL, repeat('m', 100000)]) AS m;
SELECT is(pg_temp.uploads(1, 'a.pdf', maximum_files => n), 'over_quota', format('At most %s files are over_quota', n))
  FROM unnest(ARRAY[0, -1, NULL]) AS n;
SELECT is(pg_temp.uploads(1, 'a.pdf', size => NULL), 'over_quota', 'A file has a size');
SELECT is(pg_temp.uploads(1, 'a.pdf', maximum_bytes => NULL), 'over_quota', 'and there is a quota');

-- Uploads: hostile names and the like raise nothing.
SELECT is(pg_temp.uploads(1, n), 'ok, then invalid_argument',
          format('File name %s is not stored', to_json(left(n, 20))))
  FROM unnest(ARRAY['', '.', '..', 'a/b', E'a\nb', E'a\u0085b', E'\u007f', repeat('a', 256), repeat('ü', 128)]) AS n;
SELECT is(pg_temp.uploads(1, NULL), 'ok, then invalid_argument', 'nor none');
SELECT is(pg_temp.uploads(1, 'a', content_type => t), 'ok, then invalid_argument',
          format('Type %s is not stored', to_json(left(t, 20))))
  FROM unnest(ARRAY['', 'a', 'a/', '/b', 'A/b', 'a/b;c', 'a/b/c', E'a/b\n', 'a/' || repeat('b', 126), NULL]) AS t;
SELECT is(pg_temp.uploads(1, 'a', size => s), 'ok, then invalid_argument', format('Size %s is not stored', s))
  FROM unnest(ARRAY[-1, 52428801]) AS s;
SELECT is(pg_temp.uploads(1, 'a', file_id => NULL), 'ok, then invalid_argument', 'A file has an id');
SELECT is(r.outcome, 'invalid_argument', 'A hash of 31 bytes is not stored')
  FROM latchkey_api.record_file(pg_temp.hashes('key 1'), 'sandbox', pg_temp.id(1), pg_temp.id(1), 'a', 'a/b', 1,
                                decode(repeat('ab', 31), 'hex'), 9, 9) AS r;
SELECT is(count(*), 0::bigint, 'None of them stored a file') FROM latchkey.retrieval_files;

-- Uploads: quotas at their bound and one beyond, what is replaced does not count.
SELECT is(pg_temp.uploads(1, 'a.pdf', size => 600, maximum_bytes => 599), 'over_quota', 'One byte too many');
SELECT is(pg_temp.uploads(1, 'a.pdf', size => 600, maximum_bytes => 600, file_id => pg_temp.id(501)), 'ok',
          'as many bytes as there may be');
SELECT is(pg_temp.uploads(1, 'b.pdf', size => 400, maximum_bytes => 999), 'over_quota', 'The first file counts');
SELECT is(pg_temp.uploads(1, 'b.pdf', size => 400, maximum_bytes => 1000, maximum_files => 1), 'over_quota',
          'A file too many');
SELECT is(pg_temp.uploads(1, 'b.pdf', size => 400, maximum_bytes => 1000, maximum_files => 2,
                          file_id => pg_temp.id(502)), 'ok', 'as many as there may be');
SELECT is(pg_temp.uploads(1, 'a.pdf', size => 601, maximum_bytes => 1000, maximum_files => 2), 'over_quota',
          'One that is replaced: a byte too many');
SELECT is(pg_temp.uploads(1, 'a.pdf', 3, size => 600, maximum_bytes => 1000, maximum_files => 2,
                          file_id => pg_temp.id(503)), 'ok', 'One that is replaced does not count itself');
SELECT is(pg_temp.uploads(1, 'c.pdf', file_id => pg_temp.id(502)), 'ok, then invalid_argument',
          'The id of a file is not used twice');
SELECT is(pg_temp.uploads(1, 'zero', size => 0, maximum_bytes => 1000), 'ok', 'A file may be empty');
SELECT is(pg_temp.uploads(1, n), 'ok', 'Names may be long and odd')
  FROM unnest(ARRAY[repeat('a', 255), ' ', '...', E'\\', '''; --', 'ü', '"', '%']) AS n;
DELETE FROM latchkey.retrieval_files WHERE file_name NOT IN ('a.pdf', 'b.pdf', 'zero');
SELECT results_eq(
    $$ SELECT file_name, size, content_type, sha256 = sha256('content 3') FROM latchkey.retrieval_files
        ORDER BY file_name $$,
    $$ VALUES ('a.pdf' COLLATE "C", 600::bigint, 'application/pdf', true), ('b.pdf', 400, 'application/pdf', false),
              ('zero', 0, 'application/pdf', false) $$,
    'Files are stored, the latest of each name');
SELECT ok(latchkey_api.is_content_referenced(sha256('content 3')), 'The content of an open retrieval is needed');
SELECT ok(NOT latchkey_api.is_content_referenced(sha256('content 4')), 'one that was never recorded is not');
SELECT ok(NOT latchkey_api.is_content_referenced(h), 'nor what is no hash')
  FROM unnest(ARRAY[NULL, '', decode(repeat('00', 100000), 'hex')]::bytea[]) AS h;

-- finish_retrieval: what is refused, by precedence.
SELECT is(pg_temp.finishes(1, key => 'key 9'), 'unknown_collector no time', 'An unknown key finishes nothing');
SELECT is(pg_temp.finishes(1, key => 'key 3'), 'disabled_collector no time', 'nor does a disabled one');
SELECT is(pg_temp.finishes(9), 'unknown_retrieval no time', 'What is not there is not finished');
SELECT is(pg_temp.finishes(NULL, delivery => 1), 'unknown_retrieval no time', 'nor none');
SELECT is(pg_temp.finishes(1, key => 'key 2'), 'unknown_retrieval no time', 'nor another collector''s');
SELECT is(pg_temp.finishes(1, mode => m), 'unknown_retrieval no time', format('nor in mode %s', COALESCE(m, 'NULL')))
  FROM unnest(ARRAY['production', 'SANDBOX', '', NULL]) AS m;
SELECT is(pg_temp.finishes(1, status => s), 'invalid_argument no time', format('Status %s is none', left(s, 20)))
  FROM unnest(ARRAY[NULL, '', 'open', 'abandoned', 'Success', repeat('s', 100000)]) AS s;
SELECT is(pg_temp.finishes(1, metadata => m), 'invalid_argument no time', format('Metadata %s is none', left(m, 20)))
  FROM unnest(ARRAY[NULL, '', '[]', '{', 'x{}', '{"a":"' || repeat('b', 16377) || '"}']) AS m;
SELECT is(f.outcome, 'invalid_argument', 'A delivery has an id')
  FROM latchkey_api.finish_retrieval(pg_temp.hashes('key 1'), 'sandbox', pg_temp.id(1), 'success', '{}', NULL) AS f;
SELECT is(count(*), 0::bigint, 'None of them finished anything') FROM latchkey.retrievals WHERE status <> 'open';

-- finish_retrieval: success, without a webhook.
SELECT is(pg_temp.finishes(1, metadata => '{ "n" : 1e400, "a":1, "a":"\u0000" }'),
          'ok app 1 success first-sandbox-bank 2020 3 documents', 'A retrieval is finished');
SELECT results_eq(
    $$ SELECT pg_temp.number(id), tax_year, year_order, file_name, platform, content_type, size,
              pg_temp.number(retrieval_id), retrieved_at = created_at
         FROM latchkey.documents WHERE user_id = pg_temp.id(101) AND file_name <> 'zero' ORDER BY file_name $$,
    $$ VALUES (503, 2020, -2020, 'a.pdf' COLLATE "C", 'first-sandbox-bank' COLLATE "C", 'application/pdf', 600::bigint,
               1, true),
              (502, 2020, -2020, 'b.pdf', 'first-sandbox-bank', 'application/pdf', 400, 1, true) $$,
    'Its files are documents');
SELECT results_eq(
    $$ SELECT pg_temp.number(user_id), platform, tax_year, platform_name, document_count
         FROM latchkey.platform_links $$,
    $$ VALUES (101, 'first-sandbox-bank' COLLATE "C", 2020, 'First Sandbox Bank' COLLATE "C", 3) $$,
    'and its platform is linked');
SELECT is(metadata, '{ "n" : 1e400, "a":1, "a":"\u0000" }', 'Metadata is kept as it was written')
  FROM latchkey.retrievals WHERE id = pg_temp.id(1);
SELECT is(count(*), 0::bigint, 'Its staged files are gone') FROM latchkey.retrieval_files;
SELECT is(count(*), 0::bigint, 'Nothing is announced, for want of a URL') FROM latchkey.webhook_deliveries;
SELECT is(pg_temp.finishes(1), 'ok app 1 success first-sandbox-bank 2020 3 documents',
          'The same status again is answered alike');
SELECT is(pg_temp.finishes(1, metadata => NULL), 'ok app 1 success first-sandbox-bank 2020 3 documents',
          'whatever else is said');
SELECT is(pg_temp.finishes(1, status => 'failure'), 'other_status app 1 success first-sandbox-bank 2020 3 documents',
          'Another status is refused');
SELECT is(pg_temp.uploads(1, 'd.pdf'), 'finished_retrieval', 'No file comes afterwards');
SELECT is(pg_temp.begins(1), 'ok collector 1', 'Its beginning tried again is answered still');
SELECT ok(latchkey_api.is_content_referenced(sha256('content 3')), 'The content of a document is needed');

-- finish_retrieval: the same documents again, announced.
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(1), 'https://example.org/hook');
SELECT count(pg_temp.begins(3));
SELECT count(pg_temp.uploads(3, 'a.pdf', 7, size => 7, content_type => 'text/plain', file_id => pg_temp.id(601)));
SELECT count(pg_temp.uploads(3, 'A.pdf', 8, file_id => pg_temp.id(602)));
UPDATE latchkey.platforms SET name = 'Bank, renamed' WHERE id = 'first-sandbox-bank';
SELECT is(pg_temp.finishes(3, metadata => '{"who":"me"}'), 'ok app 1 success first-sandbox-bank 2020 2 documents',
          'A second retrieval is finished');
SELECT results_eq(
    $$ SELECT pg_temp.number(id), file_name, content_type, size, sha256 = sha256('content 7'),
              pg_temp.number(retrieval_id)
         FROM latchkey.documents WHERE user_id = pg_temp.id(101) AND file_name IN ('a.pdf', 'A.pdf')
        ORDER BY file_name $$,
    $$ VALUES (602, 'A.pdf' COLLATE "C", 'application/pdf', 1000::bigint, false, 3),
              (503, 'a.pdf', 'text/plain', 7, true, 3) $$,
    'A document of the same name is replaced and keeps its id');
SELECT ok(NOT latchkey_api.is_content_referenced(sha256('content 3')), 'Its content of before is no longer needed');
SELECT results_eq('SELECT platform_name, document_count FROM latchkey.platform_links',
                  $$ VALUES ('Bank, renamed' COLLATE "C", 4) $$, 'The link counts them all, and has the name of now');
SELECT results_eq(
    $$ SELECT pg_temp.number(d.id), pg_temp.number(d.client_app_id), pg_temp.number(d.user_id), d.mode::text,
              pg_temp.number(d.retrieval_id), d.kind, d.url, d.state, d.attempts, d.status, d.metadata,
              d.number = r.number, d.retrieval_created_at = r.created_at, d.next_attempt_at <= clock_timestamp(),
              d.document_ids = ARRAY[pg_temp.id(602), pg_temp.id(503)]
         FROM latchkey.webhook_deliveries AS d JOIN latchkey.retrievals AS r ON r.id = d.retrieval_id $$,
    $$ VALUES (1003, 1, 101, 'sandbox', 3, 'retrieval', NULL::text, 'pending', 0, 'success', '{"who":"me"}',
               true, true, true, true) $$,
    'It is announced');
SELECT is(pg_temp.finishes(3, delivery => 1999), 'ok app 1 success first-sandbox-bank 2020 2 documents',
          'The same status again');
SELECT is(count(*), 1::bigint, 'is not announced again') FROM latchkey.webhook_deliveries;

-- finish_retrieval: failure, another URL, an id of a delivery that is taken, an empty retrieval.
SELECT count(pg_temp.begins(4, tax_year => 2019));
SELECT count(pg_temp.uploads(4, 'a.pdf', 9));
UPDATE latchkey.retrievals SET webhook_url = 'https://example.org/other' WHERE id = pg_temp.id(4);
SELECT is(pg_temp.finishes(4, 'failure', delivery => 1003), 'invalid_argument no time',
          'An id that another delivery has is refused');
SELECT is(pg_temp.finishes(4, 'failure'), 'ok app 1 failure first-sandbox-bank 2019 0 documents', 'A failure');
SELECT is((SELECT count(*) FROM latchkey.documents WHERE tax_year = 2019)
          + (SELECT count(*) FROM latchkey.platform_links WHERE tax_year = 2019)
          + (SELECT count(*) FROM latchkey.retrieval_files), 0::bigint, 'publishes nothing and keeps nothing');
SELECT results_eq(
    $$ SELECT url, status, document_ids FROM latchkey.webhook_deliveries WHERE retrieval_id = pg_temp.id(4) $$,
    $$ VALUES ('https://example.org/other', 'failure', '{}'::uuid[]) $$,
    'and is announced, here to a URL of its own');
SELECT is(pg_temp.finishes(4, 'success'), 'other_status app 1 failure first-sandbox-bank 2019 0 documents',
          'It does not succeed any more');
SELECT count(pg_temp.begins(5, tax_year => 2018));
SELECT is(pg_temp.finishes(5), 'ok app 1 success first-sandbox-bank 2018 0 documents', 'A success without files');
SELECT is(document_count, 0, 'is a link without documents') FROM latchkey.platform_links WHERE tax_year = 2018;

-- Another platform in the same year, and a URL of its own where the app has none.
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(1), NULL);
SELECT count(pg_temp.begins(9, platform => 'a-bank'));
UPDATE latchkey.retrievals SET webhook_url = 'https://example.org/third' WHERE id = pg_temp.id(9);
SELECT count(pg_temp.uploads(9, 'a.pdf', 7));
SELECT is(pg_temp.finishes(9), 'ok app 1 success a-bank 2020 1 documents', 'The same name from another platform');
SELECT results_eq(
    $$ SELECT platform, document_count FROM latchkey.platform_links WHERE tax_year = 2020 ORDER BY platform $$,
    $$ VALUES ('a-bank' COLLATE "C", 1), ('first-sandbox-bank', 4) $$,
    'is another document, and its link counts its own');
SELECT is(url, 'https://example.org/third', 'It is announced to its own URL')
  FROM latchkey.webhook_deliveries WHERE retrieval_id = pg_temp.id(9);

-- Abandoned, or the user erased meanwhile.
SELECT count(pg_temp.begins(n)) FROM unnest(ARRAY[6, 7]) AS n;
SELECT count(pg_temp.uploads(6, 'late.pdf', 10));
UPDATE latchkey.retrievals SET created_at = now() - interval '2 days' WHERE id = pg_temp.id(6);
SELECT is(latchkey_admin.abandon_retrievals('1 day', 10), 1::bigint, 'A retrieval is abandoned');
SELECT is(pg_temp.finishes(6), 'unknown_retrieval no time', 'and is not finished any more');
SELECT is(pg_temp.uploads(6, 'a.pdf'), 'unknown_retrieval', 'nor takes files');
UPDATE latchkey.users SET erased_at = now(), last_seen_on = NULL, request_id = NULL WHERE id = pg_temp.id(101);
SELECT is(pg_temp.uploads(7, 'a.pdf'), 'unknown_retrieval', 'That of an erased user takes no files');
SELECT is(pg_temp.finishes(7), 'unknown_retrieval no time', 'and is not finished');

-- The two modes, apart.
SELECT is(pg_temp.uploads(2, 'a.pdf', mode => 'sandbox'), 'unknown_retrieval', 'Production is not sandbox');
SELECT is(pg_temp.uploads(2, 'a.pdf', mode => 'production'), 'ok', 'it is production');
SELECT is(pg_temp.finishes(2, mode => 'production'), 'ok app 1 success live-bank 2020 1 documents',
          'also when it is finished');

-- Nothing is raised, whatever the arguments.
SELECT is(pg_temp.attempt('latchkey_application', s), 'ok', s)
  FROM unnest(ARRAY[
    'SELECT latchkey_api.begin_retrieval(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)',
    'SELECT latchkey_api.authorize_upload(NULL, NULL, NULL, NULL, NULL, NULL, NULL)',
    'SELECT latchkey_api.record_file(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)',
    'SELECT latchkey_api.finish_retrieval(NULL, NULL, NULL, NULL, NULL, NULL)',
    'SELECT latchkey_api.begin_retrieval(ARRAY[[NULL, ''''], [''\x00'', NULL]]::bytea[], '''', NULL, NULL, NULL, '''','
    ' 0, '''', NULL, NULL)']) AS s;
SELECT count(pg_temp.begins(8, mode => 'production', user_id => 110, platform => 'a-bank'));
SELECT is(a.outcome, 'over_quota', 'The largest numbers raise nothing')
  FROM latchkey_api.authorize_upload(pg_temp.hashes('key 1'), 'production', pg_temp.id(8), 'x', 9223372036854775807,
                                     2147483647, 9223372036854775806) AS a;
SELECT is(a.outcome, 'ok', 'nor do the smallest')
  FROM latchkey_api.authorize_upload(pg_temp.hashes('key 1'), 'production', pg_temp.id(8), 'x', -9223372036854775808,
                                     2147483647, 9223372036854775807) AS a;

SELECT * FROM finish();
ROLLBACK;
