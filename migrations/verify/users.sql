-- Verify latchkey:users on pg

BEGIN;

SELECT client_app_id, id, created_at, mode, last_seen_on, erased_at, request_id
  FROM latchkey.users
 WHERE false;

-- last_seen_on must stay out of every index, else its daily update is no longer heap-only.
SELECT 1 / (count(*) = 0)::int
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
 WHERE i.indrelid = 'latchkey.users'::regclass
   AND a.attname = 'last_seen_on';

ROLLBACK;
