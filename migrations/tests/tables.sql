-- The checks of the tables, each at its bound and one beyond. Rows are written as the owner: nobody else may.
\ir setup.psql

SELECT plan(46);

-- What comes of writing one row: ok, or the name of the check that refused it.
CREATE FUNCTION pg_temp.writes(p_statement text, VARIADIC p_values text[])
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.attempt('latchkey_owner', format(p_statement, VARIADIC p_values))
$$;

-- client_apps
CREATE FUNCTION pg_temp.app(p_column text, p_value text)
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.writes('INSERT INTO latchkey.client_apps (id, name, %I) VALUES (gen_random_uuid(), %L, %L)',
                          CASE WHEN p_column = 'name' THEN 'organisation_id' ELSE p_column END,
                          CASE WHEN p_column = 'name' THEN p_value ELSE 'App' END,
                          CASE WHEN p_column = 'name' THEN NULL ELSE p_value END)
$$;

SELECT is(pg_temp.app('name', repeat('ü', 200)), 'ok', 'An app''s name may have 200 characters');
SELECT is(pg_temp.app('name', repeat('ü', 201)), '23514 client_apps_name_length', 'and no more');
SELECT is(pg_temp.app('name', ''), '23514 client_apps_name_length', 'nor none');
SELECT is(pg_temp.app('name', E'two\nlines'), '23514 client_apps_name_printable', 'nor a line feed');
SELECT is(pg_temp.app('organisation_id', repeat('o', 255)), 'ok', 'An organisation id may have 255 characters');
SELECT is(pg_temp.app('organisation_id', repeat('o', 256)), '23514 client_apps_organisation_id_length', 'and no more');
SELECT is(pg_temp.app('organisation_id', ''), '23514 client_apps_organisation_id_length', 'nor none');
SELECT is(pg_temp.app('webhook_url', 'https://hooks.example.org/x?y=z'), 'ok', 'A webhook URL may be https');
SELECT is(pg_temp.app('webhook_url', 'http://' || repeat('h', 2041)), 'ok', 'or http, of 2048 characters');
SELECT is(pg_temp.app('webhook_url', 'http://' || repeat('h', 2042)), '23514 client_apps_webhook_url_length',
          'and no more');
SELECT is(pg_temp.app('webhook_url', 'ftp://example.org/'), '23514 client_apps_webhook_url_scheme',
          'nor another scheme');
SELECT is(pg_temp.app('webhook_url', 'https://example.org/ x'), '23514 client_apps_webhook_url_scheme',
          'nor a space in it');
SELECT is(pg_temp.attempt('latchkey_owner',
                          'INSERT INTO latchkey.client_apps (id, name, active)'
                          ' VALUES (gen_random_uuid(), ''A'', true)'),
          '428C9', 'Whether an app is active is computed, never written');

-- credentials and secrets
SELECT pg_temp.make_app(1);
CREATE FUNCTION pg_temp.secret(p_bytes integer, p_hint text DEFAULT 'lk_live_ab', p_api_key integer DEFAULT 11)
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.writes('INSERT INTO latchkey.secrets (id, api_key, secret_hash, hint)'
                          ' VALUES (gen_random_uuid(), %L, decode(repeat(''ab'', %s), ''hex''), %L)',
                          pg_temp.id(p_api_key)::text, p_bytes::text, p_hint)
$$;

SELECT is(pg_temp.writes('INSERT INTO latchkey.credentials (api_key, client_app_id, sandbox_only)'
                         ' VALUES (%L, %L, true)',
                         pg_temp.id(99)::text, pg_temp.id(9)::text),
          '23503 credentials_client_app_id_fkey', 'A credential belongs to an app that is there');
SELECT is(pg_temp.secret(31), '23514 secrets_secret_hash_length', 'A hash of 31 bytes is refused');
SELECT is(pg_temp.secret(33), '23514 secrets_secret_hash_length', 'and one of 33');
SELECT is(pg_temp.secret(32, ''), '23514 secrets_hint_format', 'An empty hint is refused');
SELECT is(pg_temp.secret(32, 'lk_live_abcdefghi'), '23514 secrets_hint_format', 'and one of 17 characters');
SELECT is(pg_temp.secret(32, 'lk_live_abcdefgh'), 'ok', 'A hash of 32 bytes and a hint of 16 characters are stored');
SELECT is(pg_temp.secret(32), '23505 secrets_secret_hash_key', 'but not the same hash again');
SELECT is(pg_temp.secret(32, p_api_key => 99), '23503 secrets_api_key_fkey',
          'A secret belongs to an API key that is there');
SELECT is(pg_temp.attempt('latchkey_owner', 'DELETE FROM latchkey.client_apps'), '23503 credentials_client_app_id_fkey',
          'An app that has a credential cannot be deleted');

-- users
CREATE FUNCTION pg_temp.a_user(p_request_id text, p_seen date DEFAULT '2026-01-01', p_erased timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.writes('INSERT INTO latchkey.users (client_app_id, id, mode, request_id, last_seen_on, erased_at)'
                          ' VALUES (%L, gen_random_uuid(), ''sandbox'', %L, %L, %L)',
                          pg_temp.id(1)::text, p_request_id, p_seen::text, p_erased::text)
$$;

SELECT is(pg_temp.a_user(repeat('r', 64)), 'ok', 'A request id may have 64 characters');
SELECT is(pg_temp.a_user(repeat('r', 65)), '23514 users_request_id_format', 'and no more');
SELECT is(pg_temp.a_user(''), '23514 users_request_id_format', 'nor none');
SELECT is(pg_temp.a_user('a b'), '23514 users_request_id_format', 'nor a space');
SELECT is(pg_temp.a_user(E'a\n'), '23514 users_request_id_format', 'nor a line feed at its end');
SELECT is(pg_temp.a_user(NULL, NULL, now()), 'ok', 'An erased user holds nothing');
SELECT is(pg_temp.a_user('r', NULL, now()), '23514 users_request_id_erased', 'no request id');
SELECT is(pg_temp.a_user(NULL, '2026-01-01', now()), '23514 users_last_seen_on_set', 'and no day');
SELECT is(pg_temp.a_user(NULL, NULL), '23514 users_last_seen_on_set', 'A living one was seen on some day');
SELECT is(pg_temp.writes('INSERT INTO latchkey.users (client_app_id, id, mode) VALUES (%L, %L, ''live'')',
                         pg_temp.id(1)::text, pg_temp.id(1)::text),
          '22P02', 'There is no third mode');

-- idempotency_keys
CREATE FUNCTION pg_temp.a_key(p_key text)
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.writes('INSERT INTO latchkey.idempotency_keys (client_app_id, mode, key, user_id, made_user)'
                          ' VALUES (%L, ''sandbox'', %L, %L, true)',
                          pg_temp.id(1)::text, p_key, pg_temp.id(1)::text)
$$;

SELECT is(pg_temp.a_key('!' || repeat('~', 254)), 'ok', 'An idempotency key may have 255 visible characters');
SELECT is(pg_temp.a_key(repeat('~', 256)), '23514 idempotency_keys_key_format', 'and no more');
SELECT is(pg_temp.a_key(''), '23514 idempotency_keys_key_format', 'nor none');
SELECT is(pg_temp.a_key('a b'), '23514 idempotency_keys_key_format', 'nor a space');
SELECT is(pg_temp.a_key('ü'), '23514 idempotency_keys_key_format', 'nor any beyond ASCII');

-- verifier_version
SELECT is(pg_temp.attempt('latchkey_owner', 'INSERT INTO latchkey.verifier_version (version) VALUES (7)'),
          '23505 verifier_version_pkey', 'There is one verifier version');
SELECT is(pg_temp.attempt('latchkey_owner',
                          'INSERT INTO latchkey.verifier_version (only_row, version) VALUES (false, 7)'),
          '23514 verifier_version_only_row_true', 'and no other');
SELECT is(pg_temp.attempt('latchkey_owner', 'UPDATE latchkey.verifier_version SET version = 0'),
          '23514 verifier_version_version_positive', 'It is at least one');

-- revoked_tokens
CREATE FUNCTION pg_temp.a_revocation(p_token_id text, p_reason text DEFAULT NULL, p_app integer DEFAULT 1)
RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_temp.writes('INSERT INTO latchkey.revoked_tokens (token_id, client_app_id, expires_at, reason)'
                          ' VALUES (%L, %L, now(), %L)',
                          p_token_id, pg_temp.id(p_app)::text, p_reason)
$$;

SELECT is(pg_temp.a_revocation(repeat('0f', 16), repeat('ü', 500)), 'ok',
          'A token id is 32 hexadecimal digits, a reason at most 500 characters');
SELECT is(pg_temp.a_revocation(repeat('0F', 16)), '23514 revoked_tokens_token_id_format', 'in lower case');
SELECT is(pg_temp.a_revocation(repeat('0f', 16) || '0'), '23514 revoked_tokens_token_id_format', 'not 33');
SELECT is(pg_temp.a_revocation(repeat('0e', 16), repeat('ü', 501)), '23514 revoked_tokens_reason_length',
          'A reason of 501 characters is refused');
SELECT is(pg_temp.a_revocation(repeat('0e', 16), ''), '23514 revoked_tokens_reason_length', 'and an empty one');
SELECT is(pg_temp.a_revocation(repeat('0e', 16), NULL, 9), '23503 revoked_tokens_client_app_id_fkey',
          'A revocation belongs to an app that is there');

SELECT * FROM finish();
ROLLBACK;
