-- For pgbench: an existing user. Any outcome but ok is an error, which ends it.
SELECT 1 / (outcome = 'ok')::int, client_app_id, user_id
  FROM latchkey_api.token_context(
           'production', :api_key, :hashes, :user, gen_random_uuid(), NULL, '00000000000000000000000000000000');
