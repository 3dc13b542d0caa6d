-- revoke_token and erase_user: what they store, answer, record and count.
\ir setup.psql

SELECT plan(21);

SELECT pg_temp.make_app(1);
SELECT count(pg_temp.token(new_user_id => 101));

CREATE TEMPORARY TABLE version AS SELECT version AS before FROM latchkey.verifier_version;

CREATE FUNCTION pg_temp.since_made()
RETURNS text
LANGUAGE sql
AS $$
    SELECT format('version %s, %s acts', (SELECT version - before FROM version, latchkey.verifier_version),
                  (SELECT count(*) - 1 FROM latchkey.audit_log))
$$;

-- revoke_token
CREATE FUNCTION pg_temp.revoke(p_seconds_left integer, p_reason text DEFAULT 'lost')
RETURNS boolean
LANGUAGE sql
AS $$
    SELECT latchkey_admin.revoke_token('alice', repeat('0f', 16), pg_temp.id(1),
                                       clock_timestamp() + p_seconds_left * interval '1 second', p_reason)
$$;

SELECT ok(NOT pg_temp.revoke(-1), 'A token that has expired need not be revoked');
SELECT ok(NOT pg_temp.revoke(0), 'nor one that expires now');
SELECT is(pg_temp.since_made(), 'version 0, 0 acts', 'and nothing is recorded');
SELECT ok(pg_temp.revoke(60), 'A token is revoked');
SELECT is(pg_temp.since_made(), 'version 1, 1 acts', 'The verifier must see it, and it is recorded');
SELECT ok(NOT pg_temp.revoke(60), 'Once is enough');
SELECT is(pg_temp.since_made(), 'version 1, 1 acts', 'and nothing more is recorded');
SELECT results_eq(
    $$ SELECT token_id, client_app_id, reason, expires_at > clock_timestamp() FROM latchkey.revoked_tokens $$,
    $$ VALUES (repeat('0f', 16), pg_temp.id(1), 'lost', true) $$,
    'It is stored with its end and reason');
SELECT results_eq(
    $$ SELECT actor, act, object, detail ->> 'reason' FROM latchkey.audit_log ORDER BY acted_at DESC LIMIT 1 $$,
    $$ VALUES ('alice', 'token.revoke', 'token:' || repeat('0f', 16), 'lost') $$,
    'The audit log says who revoked it, and why');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.revoke_token('alice', repeat('0e', 16), pg_temp.id(9), now() + interval '1 hour', NULL) $$),
          '23503 revoked_tokens_client_app_id_fkey', 'A token of an app that is not there is refused');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.revoke_token('alice', 'x', pg_temp.id(1), now() + interval '1 hour', NULL) $$),
          '23514 revoked_tokens_token_id_format', 'and an id that is none');
SELECT is(pg_temp.attempt('latchkey_administrator', $$
    SELECT latchkey_admin.revoke_token('alice', repeat('0e', 16), pg_temp.id(1), NULL, NULL) $$),
          '23502', 'and one without an end');

-- erase_user
SELECT ok(NOT latchkey_admin.erase_user('bob', pg_temp.id(1), pg_temp.id(999)), 'No such user: false');
SELECT ok(NOT latchkey_admin.erase_user('bob', pg_temp.id(9), pg_temp.id(101)), 'nor in another app');
SELECT is(pg_temp.since_made(), 'version 1, 1 acts', 'and nothing is recorded');
SELECT ok(latchkey_admin.erase_user('bob', pg_temp.id(1), pg_temp.id(101)), 'A user is erased');
SELECT results_eq(
    $$ SELECT mode::text, last_seen_on, request_id, erased_at = now() FROM latchkey.users $$,
    $$ VALUES ('production', NULL::date, NULL::text, true) $$,
    'A tombstone stays');
SELECT results_eq(
    $$ SELECT actor, act, object FROM latchkey.audit_log ORDER BY acted_at DESC LIMIT 1 $$,
    $$ VALUES ('bob', 'user.erase', format('user:%s/%s', pg_temp.id(1), pg_temp.id(101))) $$,
    'The audit log says who erased it');
SELECT is(pg_temp.since_made(), 'version 2, 2 acts', 'The verifier must see it');
SELECT ok(NOT latchkey_admin.erase_user('bob', pg_temp.id(1), pg_temp.id(101)), 'Once is enough');
SELECT is(pg_temp.since_made(), 'version 2, 2 acts', 'and nothing more is recorded');

SELECT * FROM finish();
ROLLBACK;
