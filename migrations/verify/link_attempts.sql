-- Verify latchkey:link_attempts on pg

BEGIN;

SELECT id, token_id, client_app_id, user_id, mode, platform, tax_year, created_at, status, retrieval_id, document_ids,
       finished_at
  FROM latchkey.link_attempts
 WHERE false;

ROLLBACK;
