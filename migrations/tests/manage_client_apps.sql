-- create_client_app, set_client_app_active, regenerate_secret: what they store, answer, record and count.
\ir setup.psql

SELECT plan(34);

CREATE TEMPORARY TABLE version AS SELECT version AS before FROM latchkey.verifier_version;

-- How far the verifier's version has gone since this was last asked.
CREATE FUNCTION pg_temp.bumps()
RETURNS bigint
LANGUAGE sql
AS $$
    UPDATE version AS old
       SET before = new.version
      FROM latchkey.verifier_version AS new, version AS seen
    RETURNING new.version - seen.before
$$;

CREATE FUNCTION pg_temp.latest_act()
RETURNS text
LANGUAGE sql
AS $$
    SELECT concat_ws(' ', actor, act, object) FROM latchkey.audit_log ORDER BY acted_at DESC LIMIT 1
$$;

-- create_client_app
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_client_app(
        'alice', pg_temp.id(1), 'First', 'org-1', 'https://example.org/hook', pg_temp.id(11), false,
        pg_temp.id(21), sha256('secret 1'), 'lk_live_ab') $$), 'ok', 'The administrator makes an app');
SELECT results_eq(
    $$ SELECT name, organisation_id, webhook_url, active, disabled_at FROM latchkey.client_apps $$,
    $$ VALUES ('First', 'org-1', 'https://example.org/hook', true, NULL::timestamptz) $$,
    'with its name, organisation and webhook, active');
SELECT results_eq(
    $$ SELECT api_key, client_app_id, sandbox_only FROM latchkey.credentials $$,
    $$ VALUES (pg_temp.id(11), pg_temp.id(1), false) $$,
    'with a credential');
SELECT results_eq(
    $$ SELECT id, api_key, secret_hash, hint, expires_at FROM latchkey.secrets $$,
    $$ VALUES (pg_temp.id(21), pg_temp.id(11), sha256('secret 1'), 'lk_live_ab', NULL::timestamptz) $$,
    'and a secret without an end');
SELECT is(pg_temp.bumps(), 1::bigint, 'The verifier must see it');
SELECT is(pg_temp.latest_act(), 'alice app.create client_app:' || pg_temp.id(1), 'The audit log says who made it');
SELECT is(detail, jsonb_build_object('name', 'First', 'organisation_id', 'org-1', 'webhook_url',
                                     'https://example.org/hook', 'api_key', pg_temp.id(11), 'sandbox_only', false,
                                     'secret_id', pg_temp.id(21)),
          'and what it is, without the hash')
  FROM latchkey.audit_log;
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_client_app('alice', pg_temp.id(1), 'Again', NULL, NULL, pg_temp.id(12), false,
                                            pg_temp.id(22), sha256('secret 2'), 'lk_live_ab') $$),
          '23505 client_apps_pkey', 'The same id again is refused');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_client_app('alice', pg_temp.id(2), 'Second', NULL, NULL, pg_temp.id(11), false,
                                            pg_temp.id(22), sha256('secret 2'), 'lk_live_ab') $$),
          '23505 credentials_pkey', 'and the same API key');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.create_client_app(NULL, pg_temp.id(2), 'Second', NULL, NULL, pg_temp.id(12), false,
                                            pg_temp.id(22), sha256('secret 2'), 'lk_live_ab') $$),
          '23502', 'and an act without an actor');
SELECT is(count(*), 1::bigint, 'None of them left an app') FROM latchkey.client_apps;

-- set_client_app_active
SELECT ok(latchkey_admin.set_client_app_active('bob', pg_temp.id(1), false), 'An app is disabled');
SELECT ok(NOT active AND disabled_at = now(), 'since now') FROM latchkey.client_apps;
SELECT is(pg_temp.latest_act(), 'bob app.disable client_app:' || pg_temp.id(1), 'The audit log says who disabled it');
SELECT is(pg_temp.bumps(), 1::bigint, 'The verifier must see it');
SELECT ok(latchkey_admin.set_client_app_active('bob', pg_temp.id(1), false), 'Disabling it again is fine');
SELECT is(pg_temp.bumps(), 0::bigint, 'and changes nothing');
SELECT ok(latchkey_admin.set_client_app_active('carol', pg_temp.id(1), true), 'It is enabled again');
SELECT ok(active AND disabled_at IS NULL, 'as if nothing had been') FROM latchkey.client_apps;
SELECT is(pg_temp.latest_act(), 'carol app.enable client_app:' || pg_temp.id(1), 'The audit log says who enabled it');
SELECT is(pg_temp.bumps(), 1::bigint, 'The verifier must see it');
SELECT ok(NOT latchkey_admin.set_client_app_active('bob', pg_temp.id(9), false), 'An app that is not there: false');
SELECT is(pg_temp.attempt('latchkey_administrator',
                          'SELECT latchkey_admin.set_client_app_active(''bob'', pg_temp.id(1), NULL)'),
          '22004', 'Neither active nor disabled is refused');
SELECT is(count(*), 3::bigint, 'What changed nothing is not recorded') FROM latchkey.audit_log;

-- regenerate_secret
CREATE FUNCTION pg_temp.regenerate(p_number integer, p_overlap interval, p_api_key integer DEFAULT 11)
RETURNS boolean
LANGUAGE sql
AS $$
    SELECT latchkey_admin.regenerate_secret('dave', pg_temp.id(p_api_key), pg_temp.id(p_number + 20),
                                            sha256(convert_to('secret ' || p_number, 'UTF8')), 'lk_live_cd', p_overlap)
$$;

SELECT ok(pg_temp.regenerate(2, '24 hours'), 'A new secret is stored');
SELECT is(pg_temp.token(secret => s, new_user_id => 101), 'ok app 1 user 101', s || ' works')
  FROM unnest(ARRAY['secret 1', 'secret 2']) AS s;
SELECT is(pg_temp.latest_act(), 'dave secret.regenerate credential:' || pg_temp.id(11),
          'The audit log says who made it');
SELECT ok(pg_temp.regenerate(3, '48 hours'), 'A longer overlap does not lengthen an older one');
SELECT results_eq(
    $$ SELECT round(extract(epoch FROM expires_at - now()) / 3600) FROM latchkey.secrets ORDER BY id $$,
    $$ VALUES (24::numeric), (48), (NULL) $$,
    'each secret stops at the earlier of its ends');
SELECT ok(pg_temp.regenerate(4, '0'), 'No overlap');
SELECT results_eq(
    $$ SELECT pg_temp.token(secret => 'secret ' || n, new_user_id => 101) FROM generate_series(1, 4) AS n $$,
    $$ VALUES ('expired_secret app 1'), ('expired_secret app 1'), ('expired_secret app 1'), ('ok app 1 user 101') $$,
    'stops all the older ones');
SELECT ok(NOT pg_temp.regenerate(5, '0', p_api_key => 19), 'An API key that is not there: false');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT pg_temp.regenerate(5, ''-1 second'')'), '22023',
          'An overlap below zero is refused');

SELECT * FROM finish();
ROLLBACK;
