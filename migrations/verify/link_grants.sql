-- Verify latchkey:link_grants on pg

BEGIN;

-- What latchkeyd and the administrator's command may call is verified by latchkey:grants as well, for all of their
-- schemas.
SELECT 1 / has_function_privilege('latchkey_application', oid, 'EXECUTE')::int
  FROM unnest(ARRAY[
           'latchkey_api.initialize_token(text, bytea[], uuid, uuid, uuid, text, text)',
           'latchkey_api.link_page(uuid)',
           'latchkey_api.open_link(uuid, uuid, uuid, text, timestamptz, text, text, bytea)',
           'latchkey_api.link_platforms(bytea[], text, text, text, text, integer)',
           'latchkey_api.begin_link_attempt(bytea[], text, uuid, text, integer)',
           'latchkey_api.read_link_attempt(bytea[], text, uuid)',
           'latchkey_api.changed_link_attempts(uuid[], text[])'
       ]::regprocedure[]) AS f (oid);

SELECT 1 / has_function_privilege('latchkey_administrator', oid, 'EXECUTE')::int
  FROM unnest(ARRAY[
           'latchkey_admin.add_origin(text, uuid, text)',
           'latchkey_admin.remove_origin(text, uuid, text)'
       ]::regprocedure[]) AS f (oid);

SELECT 1 / has_table_privilege('latchkey_reader', 'latchkey.client_app_origins', 'SELECT')::int;
SELECT 1 / has_table_privilege('latchkey_reader', 'latchkey.link_attempts', 'SELECT')::int;
SELECT 1 / has_column_privilege('latchkey_reader', 'latchkey.link_tokens', 'metadata', 'SELECT')::int;
SELECT 1 / (NOT has_column_privilege('latchkey_administrator', 'latchkey.link_tokens', 'session_hash', 'SELECT'))::int;

ROLLBACK;
