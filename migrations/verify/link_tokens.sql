-- Verify latchkey:link_tokens on pg

BEGIN;

SELECT id, number, client_app_id, user_id, mode, webhook_url, created_at, expires_at, opened_at, session_hash,
       session_expires_at, origin, metadata
  FROM latchkey.link_tokens
 WHERE false;

-- A session key is one session's.
SELECT 1 / i.indisunique::int
  FROM pg_catalog.pg_index AS i
 WHERE i.indexrelid = 'latchkey.link_tokens_session_hash'::regclass;

ROLLBACK;
