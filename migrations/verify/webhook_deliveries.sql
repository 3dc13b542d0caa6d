-- Verify latchkey:webhook_deliveries on pg

BEGIN;

SELECT id, client_app_id, user_id, mode, retrieval_id, kind, url, state, attempts, attempts_uncounted,
       next_attempt_at, claimed_until, created_at, queued_at, last_attempt_at, last_status, last_error, document_ids,
       status, metadata, number, retrieval_created_at
  FROM latchkey.webhook_deliveries
 WHERE false;

SELECT client_app_id, consecutive_failures, paused_until, claimed_at
  FROM latchkey.webhook_endpoints
 WHERE false;

-- Neither of these may be in an index, else the updates of claim and settle are no longer heap-only.
SELECT 1 / (count(*) = 0)::int
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
 WHERE i.indrelid = 'latchkey.webhook_endpoints'::regclass
   AND a.attname <> 'client_app_id';

ROLLBACK;
