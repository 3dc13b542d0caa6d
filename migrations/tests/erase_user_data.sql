-- erase_user_data: what goes, what stays, what it answers and records. Beside uploads and finishes: see ../check.
\ir setup.psql

SELECT plan(28);

SELECT pg_temp.make_app(n) FROM generate_series(1, 2) AS n;
SELECT latchkey_admin.set_webhook_url('tester', pg_temp.id(1), 'https://example.org/');
SELECT pg_temp.make_collector(1);
SELECT count(pg_temp.token(mode => 'sandbox', new_user_id => n)) FROM unnest(ARRAY[101, 102]) AS n;

-- Of user 101: contents 1 to 3 and 6 published, 4 and 5 staged. User 102 has contents 2 (published) and 4 (staged).
SELECT count(pg_temp.begins(n)) FROM generate_series(1, 3) AS n;
SELECT count(pg_temp.uploads(1, n::text, n)) FROM generate_series(1, 3) AS n;
SELECT count(pg_temp.uploads(2, 'six', 6)), count(pg_temp.uploads(2, 'again', 6));
SELECT count(pg_temp.uploads(3, n::text, n)) FROM generate_series(4, 5) AS n;
SELECT count(pg_temp.finishes(n)) FROM generate_series(1, 2) AS n;
SELECT count(pg_temp.begins(n, user_id => 102, tax_year => 2019)) FROM generate_series(4, 5) AS n;
SELECT count(pg_temp.uploads(4, 'two', 2)), count(pg_temp.uploads(5, 'four', 4));
SELECT count(pg_temp.finishes(4));
-- Each has a token that has opened the modal, with an attempt that a collector works on, and one that has not.
SELECT count(latchkey_admin.add_origin('tester', pg_temp.id(1), 'https://page.example'));
SELECT count(pg_temp.initializes(n, user_id => 101)), count(pg_temp.initializes(n + 10, user_id => 102))
  FROM generate_series(1, 2) AS n;
SELECT count(pg_temp.opens(1)), count(pg_temp.opens(11, user_id => 102));
SELECT count(pg_temp.tries(1)), count(pg_temp.tries(2)), count(pg_temp.tries(11, 'session 11'));
SELECT count(pg_temp.begins_for(n, n + 50)) FROM unnest(ARRAY[1, 11]) AS n;
DELETE FROM latchkey.audit_log;

CREATE TEMPORARY TABLE version AS SELECT version AS before FROM latchkey.verifier_version;
CREATE FUNCTION pg_temp.erases(p_user integer, p_app integer DEFAULT 1)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_administrator;
    SELECT format('%s: %s links, %s documents, %s retrievals, %s deliveries, contents %s', e.erased_now,
                  e.platform_links, e.documents, e.retrievals, e.deliveries,
                  (SELECT string_agg(n::text, ' ' ORDER BY n)
                     FROM unnest(e.unreferenced) AS sha256
                     JOIN generate_series(1, 9) AS n ON sha256(convert_to('content ' || n, 'UTF8')) = sha256))
      INTO v_answer
      FROM latchkey_admin.erase_user_data('alice', pg_temp.id(p_app), pg_temp.id(p_user)) AS e;
    RESET ROLE;
    RETURN v_answer;
END
$$;

SELECT is(pg_temp.erases(u, a), NULL, 'No such user: no row')
  FROM (VALUES (999, 1), (101, 2), (101, 9), (NULL, 1), (101, NULL)) AS none (u, a);
SELECT is((SELECT count(*) FROM latchkey.audit_log), 0::bigint, 'and nothing is recorded');
SELECT is(pg_temp.erases(101), 't: 1 links, 5 documents, 4 retrievals, 2 deliveries, contents 1 3 5 6',
          'A user is erased, with all that was retrieved; contents that another needs are not named');
SELECT results_eq(
    $$ SELECT (SELECT count(*) FROM latchkey.documents), (SELECT count(*) FROM latchkey.platform_links),
              (SELECT count(*) FROM latchkey.retrievals), (SELECT count(*) FROM latchkey.retrieval_files),
              (SELECT count(*) FROM latchkey.webhook_deliveries) $$,
    $$ VALUES (1::bigint, 1::bigint, 3::bigint, 1::bigint, 1::bigint) $$,
    'What is another''s stays');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.link_tokens', 'VALUES (11), (12)', 'So do another''s tokens');
SELECT set_eq('SELECT pg_temp.number(id) FROM latchkey.link_attempts', 'VALUES (11)', 'and attempts');
SELECT ok(erased_at = now() AND last_seen_on IS NULL AND request_id IS NULL, 'A tombstone stays')
  FROM latchkey.users WHERE id = pg_temp.id(101);
SELECT results_eq('SELECT actor, act, object, detail FROM latchkey.audit_log',
                  $$ VALUES ('alice', 'user.erase', format('user:%s/%s', pg_temp.id(1), pg_temp.id(101)),
                             '{"platform_links": 1, "documents": 5, "retrievals": 4, "deliveries": 2}'::jsonb) $$,
                  'The audit log says who erased it, and how much');
SELECT is((SELECT version - before FROM version, latchkey.verifier_version), 1::bigint, 'The verifier must see it');
SELECT is(pg_temp.erases(101), 'f: 0 links, 0 documents, 0 retrievals, 0 deliveries, contents ',
          'Again: there is nothing more');
SELECT is((SELECT count(*) FROM latchkey.audit_log), 1::bigint, 'and nothing is recorded');
SELECT is((SELECT version - before FROM version, latchkey.verifier_version), 1::bigint, 'nor to be seen');
SELECT is(pg_temp.begins(9), 'invalid_token collector 1 no time', 'Nothing is begun for it');
SELECT is(pg_temp.begins_for(2, 9), 'invalid_token collector 1 no time', 'nor for an attempt of its');
SELECT is(pg_temp.opens(2), 'invalid_token no session', 'A token of its opens nothing');
SELECT is(pg_temp.uploads(3, 'a'), 'unknown_retrieval', 'What was open takes no files');
SELECT is(pg_temp.finishes(3), 'unknown_retrieval no time', 'and is not finished');
SELECT is((SELECT count(*) FROM latchkey_api.prior_year(pg_temp.id(1), pg_temp.id(101), NULL, 9, NULL, NULL, NULL, 9,
                                                        NULL, NULL, NULL)), 0::bigint, 'It has nothing');
SELECT is((SELECT count(*) FROM latchkey_delivery.claim(9, 9, 9, '1 minute')), 1::bigint, 'Nothing of it is announced');

-- Rows that a release without these tables' knowledge, or a restored backup, may leave behind an erased user.
INSERT INTO latchkey.platform_links (client_app_id, user_id, platform, tax_year, platform_name, last_used_at,
                                     document_count)
VALUES (pg_temp.id(1), pg_temp.id(101), 'x', 2020, 'X', now(), 0);
SELECT is(pg_temp.erases(101), 'f: 1 links, 0 documents, 0 retrievals, 0 deliveries, contents ',
          'A user erased before is freed of what is left');
SELECT is((SELECT count(*) FROM latchkey.audit_log), 2::bigint, 'and that is recorded');

-- erase_user, for the command of the release before.
SELECT ok(latchkey_admin.erase_user('bob', pg_temp.id(1), pg_temp.id(102)), 'erase_user does the same');
SELECT is((SELECT count(*) FROM latchkey.documents), 0::bigint, 'whole');
SELECT ok(NOT latchkey_admin.erase_user('bob', pg_temp.id(1), pg_temp.id(102)), 'once');

SELECT * FROM finish();
ROLLBACK;
