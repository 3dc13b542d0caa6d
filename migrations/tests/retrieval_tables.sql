-- The checks of the tables of retrievals, documents, webhooks and the link modal, each at its bound and one beyond.
-- Rows are written as the owner: nobody else may.
\ir setup.psql

SELECT plan(127);

-- A row of each table that is as it should be; a test changes one column of it.
CREATE TEMPORARY TABLE good (relation text, columns jsonb);
INSERT INTO good VALUES
    ('platforms', '{"id": "a", "name": "A", "production": true, "sandbox": true}'),
    ('collectors', '{"id": "00000000-0000-0000-0000-000000000001", "name": "A", "hint": "lk_coll_ab"}'),
    ('retrievals', '{"id": "00000000-0000-0000-0000-000000000001",
                     "collector_id": "00000000-0000-0000-0000-000000000001",
                     "client_app_id": "00000000-0000-0000-0000-000000000001",
                     "user_id": "00000000-0000-0000-0000-000000000001", "mode": "sandbox", "platform": "a",
                     "tax_year": 2020}'),
    ('retrieval_files', '{"retrieval_id": "00000000-0000-0000-0000-000000000007", "file_name": "a",
                          "file_id": "00000000-0000-0000-0000-000000000001", "content_type": "a/b", "size": 0}'),
    ('documents', '{"client_app_id": "00000000-0000-0000-0000-000000000001",
                    "user_id": "00000000-0000-0000-0000-000000000001", "id": "00000000-0000-0000-0000-000000000001",
                    "tax_year": 2020, "file_name": "a", "platform": "a", "content_type": "a/b", "size": 0,
                    "retrieval_id": "00000000-0000-0000-0000-000000000001"}'),
    ('platform_links', '{"client_app_id": "00000000-0000-0000-0000-000000000001",
                         "user_id": "00000000-0000-0000-0000-000000000001", "platform": "a", "tax_year": 2020,
                         "platform_name": "A", "last_used_at": "2026-01-01", "document_count": 0}'),
    ('webhook_deliveries', '{"id": "00000000-0000-0000-0000-000000000001",
                             "client_app_id": "00000000-0000-0000-0000-000000000001",
                             "user_id": "00000000-0000-0000-0000-000000000001", "mode": "sandbox", "kind": "test",
                             "status": "test", "number": 0, "retrieval_created_at": "2026-01-01"}'),
    ('webhook_endpoints', '{"client_app_id": "00000000-0000-0000-0000-000000000001"}'),
    ('webhook_secrets', '{"client_app_id": "00000000-0000-0000-0000-000000000001",
                          "id": "00000000-0000-0000-0000-000000000001", "kid": "k"}'),
    ('client_app_origins', '{"client_app_id": "00000000-0000-0000-0000-000000000001", "origin": "http://a"}'),
    ('link_tokens', '{"id": "00000000-0000-0000-0000-000000000001",
                      "client_app_id": "00000000-0000-0000-0000-000000000001",
                      "user_id": "00000000-0000-0000-0000-000000000001", "mode": "sandbox",
                      "expires_at": "2026-01-01", "opened_at": "2026-01-01", "session_expires_at": "2026-01-01",
                      "origin": "http://a", "metadata": "{}"}'),
    ('link_attempts', '{"id": "00000000-0000-0000-0000-000000000001",
                        "token_id": "00000000-0000-0000-0000-000000000008",
                        "client_app_id": "00000000-0000-0000-0000-000000000001",
                        "user_id": "00000000-0000-0000-0000-000000000001", "mode": "sandbox", "platform": "a",
                        "tax_year": 2020}');
UPDATE good SET columns = columns || jsonb_build_object('key_hash', '\x' || repeat('ab', 32))
 WHERE relation = 'collectors';
UPDATE good SET columns = columns || jsonb_build_object('sha256', '\x' || repeat('ab', 32))
 WHERE relation IN ('retrieval_files', 'documents');

UPDATE good SET columns = columns || jsonb_build_object('session_hash', '\x' || repeat('ab', 32))
 WHERE relation = 'link_tokens';

SELECT pg_temp.make_app(1);
INSERT INTO latchkey.link_tokens (id, client_app_id, user_id, mode, expires_at)
VALUES (pg_temp.id(8), pg_temp.id(8), pg_temp.id(8), 'sandbox', now());
INSERT INTO latchkey.retrievals (id, collector_id, client_app_id, user_id, mode, platform, tax_year)
VALUES (pg_temp.id(7), pg_temp.id(7), pg_temp.id(7), pg_temp.id(7), 'sandbox', 'a', 2020);

-- What comes of writing that row with other values: ok, or the name of the check that refused it. Nothing stays.
CREATE FUNCTION pg_temp.writes(p_relation text, p_columns jsonb DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_columns text;
    v_values  text;
BEGIN
    SELECT string_agg(quote_ident(c.key), ', '), string_agg(quote_nullable(c.value), ', ')
      INTO v_columns, v_values
      FROM good, jsonb_each_text(good.columns || p_columns) AS c
     WHERE good.relation = p_relation;
    RETURN pg_temp.attempt('latchkey_owner', format(
        'INSERT INTO latchkey.%I (%s) VALUES (%s); DELETE FROM latchkey.%I WHERE %s',
        p_relation, v_columns, v_values, p_relation,
        CASE p_relation WHEN 'retrievals' THEN format('id <> %L', pg_temp.id(7))
                        WHEN 'link_tokens' THEN format('id <> %L', pg_temp.id(8))
                        WHEN 'platforms' THEN 'id <> ''first-sandbox-bank''' ELSE 'true' END));
END
$$;

SELECT is(pg_temp.writes(relation), 'ok', relation || ': a good row is written') FROM good;

SELECT is(pg_temp.writes(relation, jsonb_build_object(name, value)),
          CASE refusal WHEN 'ok' THEN 'ok' WHEN '23502' THEN '23502'
                       ELSE format('23514 %s_%s_%s', relation, name, refusal) END,
          format('%s.%s %s: %s', relation, name, COALESCE(left(value #>> '{}', 12), 'NULL'), refusal))
  FROM (VALUES
    ('platforms', 'id', to_jsonb(repeat('a', 64)), 'ok'),
    ('platforms', 'id', to_jsonb(repeat('a', 65)), 'length'),
    ('platforms', 'id', '"a_b"', 'format'),
    ('platforms', 'name', to_jsonb(repeat('ü', 200)), 'ok'),
    ('platforms', 'name', to_jsonb(repeat('ü', 201)), 'length'),
    ('platforms', 'name', '""', 'length'),
    ('platforms', 'name', '"a\tb"', 'printable'),
    ('platforms', 'connector_url', to_jsonb('http://' || repeat('h', 2041)), 'ok'),
    ('platforms', 'connector_url', to_jsonb('http://' || repeat('h', 2042)), 'length'),
    ('platforms', 'connector_url', '"ftp://x/"', 'scheme'),
    ('platforms', 'production', 'null', '23502'),
    ('collectors', 'name', to_jsonb(repeat('ü', 200)), 'ok'),
    ('collectors', 'name', to_jsonb(repeat('ü', 201)), 'length'),
    ('collectors', 'name', '"a\tb"', 'printable'),
    ('collectors', 'key_hash', to_jsonb('\x' || repeat('ab', 31)), 'length'),
    ('collectors', 'key_hash', to_jsonb('\x' || repeat('ab', 33)), 'length'),
    ('collectors', 'hint', to_jsonb(repeat('h', 16)), 'ok'),
    ('collectors', 'hint', to_jsonb(repeat('h', 17)), 'format'),
    ('retrievals', 'tax_year', '1900', 'ok'),
    ('retrievals', 'tax_year', '1899', 'range'),
    ('retrievals', 'tax_year', '10000', 'range'),
    ('retrievals', 'platform', '""', 'length'),
    ('retrievals', 'platform', to_jsonb(repeat('p', 65)), 'length'),
    ('retrievals', 'metadata', to_jsonb('{"a":"' || repeat('b', 16376) || '"}'), 'ok'),
    ('retrievals', 'metadata', to_jsonb('{"a":"' || repeat('b', 16377) || '"}'), 'length'),
    ('retrievals', 'metadata', '"[]"', 'object'),
    ('retrievals', 'document_count', '-1', 'positive'),
    ('retrievals', 'webhook_url', to_jsonb('http://' || repeat('h', 2042)), 'length'),
    ('retrievals', 'webhook_url', '"x"', 'scheme'),
    ('retrievals', 'request_id', to_jsonb(repeat('r', 64)), 'ok'),
    ('retrievals', 'request_id', to_jsonb(repeat('r', 65)), 'format'),
    ('retrieval_files', 'file_name', to_jsonb(repeat('ü', 127) || 'a'), 'ok'),
    ('retrieval_files', 'file_name', to_jsonb(repeat('ü', 128)), 'length'),
    ('retrieval_files', 'file_name', '".."', 'plain'),
    ('retrieval_files', 'file_name', '"a/b"', 'plain'),
    ('retrieval_files', 'file_name', '"a\u009fb"', 'plain'),
    ('retrieval_files', 'file_name', '"a\u00a0b"', 'ok'),
    ('retrieval_files', 'content_type', to_jsonb('a/' || repeat('b', 125)), 'ok'),
    ('retrieval_files', 'content_type', to_jsonb('a/' || repeat('b', 126)), 'format'),
    ('retrieval_files', 'size', '52428800', 'ok'),
    ('retrieval_files', 'size', '52428801', 'range'),
    ('retrieval_files', 'size', '-1', 'range'),
    ('retrieval_files', 'sha256', to_jsonb('\x' || repeat('ab', 31)), 'length'),
    ('documents', 'tax_year', '1899', 'range'),
    ('documents', 'file_name', to_jsonb(repeat('ü', 127) || 'a'), 'ok'),
    ('documents', 'file_name', to_jsonb(repeat('ü', 128)), 'length'),
    ('documents', 'file_name', '""', 'length'),
    ('documents', 'file_name', '"a\u001fb"', 'plain'),
    ('documents', 'platform', '""', 'length'),
    ('documents', 'content_type', '"A/b"', 'format'),
    ('documents', 'size', '52428801', 'range'),
    ('documents', 'sha256', to_jsonb('\x' || repeat('ab', 33)), 'length'),
    ('platform_links', 'platform', to_jsonb(repeat('p', 65)), 'length'),
    ('platform_links', 'tax_year', '1899', 'range'),
    ('platform_links', 'platform_name', to_jsonb(repeat('ü', 200)), 'ok'),
    ('platform_links', 'platform_name', '""', 'length'),
    ('platform_links', 'document_count', '-1', 'positive'),
    ('webhook_deliveries', 'kind', '"other"', 'known'),
    ('webhook_deliveries', 'retrieval_id', '"00000000-0000-0000-0000-000000000001"', 'set'),
    ('webhook_deliveries', 'url', to_jsonb('http://' || repeat('h', 2042)), 'length'),
    ('webhook_deliveries', 'url', '"x"', 'scheme'),
    ('webhook_deliveries', 'attempts', '-1', 'positive'),
    ('webhook_deliveries', 'attempts_uncounted', '-1', 'range'),
    ('webhook_deliveries', 'attempts_uncounted', '1', 'range'),
    ('webhook_deliveries', 'last_status', '999', 'ok'),
    ('webhook_deliveries', 'last_status', '1000', 'range'),
    ('webhook_deliveries', 'last_error', to_jsonb(repeat('ü', 200)), 'ok'),
    ('webhook_deliveries', 'last_error', to_jsonb(repeat('ü', 201)), 'length'),
    ('webhook_deliveries', 'status', '"open"', 'known'),
    ('webhook_deliveries', 'metadata', '"{"', 'length'),
    ('webhook_deliveries', 'metadata', '"[]"', 'object'),
    ('webhook_endpoints', 'consecutive_failures', '-1', 'positive'),
    ('webhook_secrets', 'kid', to_jsonb(repeat('k', 64)), 'ok'),
    ('webhook_secrets', 'kid', to_jsonb(repeat('k', 65)), 'format'),
    ('link_tokens', 'webhook_url', to_jsonb('http://' || repeat('h', 2041)), 'ok'),
    ('link_tokens', 'webhook_url', to_jsonb('http://' || repeat('h', 2042)), 'length'),
    ('link_tokens', 'webhook_url', '"x"', 'scheme'),
    ('link_tokens', 'expires_at', 'null', '23502'),
    ('link_tokens', 'session_hash', to_jsonb('\x' || repeat('ab', 31)), 'length'),
    ('link_tokens', 'session_hash', to_jsonb('\x' || repeat('ab', 33)), 'length'),
    ('link_tokens', 'origin', to_jsonb(repeat('o', 260)), 'ok'),
    ('link_tokens', 'origin', to_jsonb(repeat('o', 261)), 'length'),
    ('link_tokens', 'metadata', to_jsonb('{"a":"' || repeat('b', 16376) || '"}'), 'ok'),
    ('link_tokens', 'metadata', to_jsonb('{"a":"' || repeat('b', 16377) || '"}'), 'length'),
    ('link_tokens', 'metadata', '"[]"', 'object'),
    ('link_attempts', 'platform', '""', 'length'),
    ('link_attempts', 'platform', to_jsonb(repeat('p', 65)), 'length'),
    ('link_attempts', 'tax_year', '9999', 'ok'),
    ('link_attempts', 'tax_year', '1899', 'range'),
    ('link_attempts', 'tax_year', '10000', 'range'),
    ('link_attempts', 'retrieval_id', '"00000000-0000-0000-0000-000000000001"', 'set'),
    ('link_attempts', 'document_ids', '"{}"', 'set'),
    ('link_attempts', 'finished_at', '"2026-01-01"', 'set')
  ) AS tried (relation, name, value, refusal);

SELECT is(pg_temp.writes('retrievals', '{"status": "success"}'), '23514 retrievals_finished_at_set',
          'What is not open has ended at some time');
SELECT is(pg_temp.writes('retrievals', '{"status": "done", "finished_at": "2026-01-01"}'),
          '23514 retrievals_status_known', 'in one of the ways that there are');
SELECT is(pg_temp.writes('retrievals', '{"link_metadata": "{}"}'), '23514 retrievals_link_metadata_attempt',
          'Only what was begun for an attempt has the metadata of a page');
SELECT is(pg_temp.writes('retrievals', jsonb_build_object('attempt_id', pg_temp.id(1), 'link_metadata', m)), refusal,
          'of a form and length')
  FROM (VALUES ('{}', 'ok'), ('[]', '23514 retrievals_link_metadata_object'),
               ('{"a":"' || repeat('b', 16377) || '"}', '23514 retrievals_link_metadata_length')) AS tried (m, refusal);
SELECT is(pg_temp.writes('link_tokens', jsonb_build_object(c, NULL)), '23514 link_tokens_session_whole',
          format('A session without %s is none', c))
  FROM unnest(ARRAY['opened_at', 'session_hash', 'session_expires_at', 'origin', 'metadata']) AS c;
SELECT is(pg_temp.writes('link_attempts', '{"token_id": "00000000-0000-0000-0000-000000000009"}'),
          '23503 link_attempts_token_id_fkey', 'An attempt belongs to a token that is there');
SELECT is(pg_temp.writes('link_attempts', columns), refusal, refusal)
  FROM (VALUES ('{"status": "done"}'::jsonb, '23514 link_attempts_retrieval_id_set'),
               ('{"status": "done", "retrieval_id": "00000000-0000-0000-0000-000000000001"}',
                '23514 link_attempts_status_known'),
               ('{"status": "failure", "retrieval_id": "00000000-0000-0000-0000-000000000001"}',
                '23514 link_attempts_finished_at_set'),
               ('{"status": "success", "retrieval_id": "00000000-0000-0000-0000-000000000001",
                  "finished_at": "2026-01-01"}', '23514 link_attempts_document_ids_set')) AS tried (columns, refusal);
SELECT is(pg_temp.writes('client_app_origins', '{"client_app_id": "00000000-0000-0000-0000-000000000009"}'),
          '23503 client_app_origins_client_app_id_fkey', 'An origin belongs to an app that is there');
SELECT is(pg_temp.writes('retrieval_files', '{"retrieval_id": "00000000-0000-0000-0000-000000000009"}'),
          '23503 retrieval_files_retrieval_id_fkey', 'A file belongs to a retrieval that is there');
SELECT is(pg_temp.writes('webhook_secrets', '{"client_app_id": "00000000-0000-0000-0000-000000000009"}'),
          '23503 webhook_secrets_client_app_id_fkey', 'A webhook secret belongs to an app that is there');
SELECT is(pg_temp.writes('webhook_deliveries', '{"state": "dead", "last_attempt_at": "2026-01-01",
                                                 "claimed_until": "2026-01-01"}'),
          '23514 webhook_deliveries_claimed_until_pending', 'What is not to be sent is not under way');
SELECT is(pg_temp.writes('webhook_deliveries', '{"state": "lost", "last_attempt_at": "2026-01-01"}'),
          '23514 webhook_deliveries_state_known', 'There is no fourth state');
SELECT is(pg_temp.writes('webhook_deliveries', '{"state": "dead"}'), '23514 webhook_deliveries_last_attempt_at_set',
          'What is not to be sent was attempted');

SELECT * FROM finish();
ROLLBACK;
