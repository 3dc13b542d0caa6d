-- For pgbench: a new user, its id of UUID version 7 as latchkeyd's are. Any outcome but ok is an error, which ends it.
SELECT 1 / (outcome = 'ok')::int, client_app_id, user_id
  FROM latchkey_api.token_context(
           'production', :api_key, :hashes, NULL,
           ('0' || to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint) || '7'
                || right(replace(gen_random_uuid()::text, '-', ''), 19))::uuid,
           NULL, '00000000000000000000000000000000');
