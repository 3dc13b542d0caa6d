-- Verify latchkey:retrievals on pg

BEGIN;

SELECT id, number, collector_id, client_app_id, user_id, mode, platform, tax_year, created_at, status, finished_at,
       metadata, document_count, webhook_url, request_id, attempt_id, link_metadata
  FROM latchkey.retrievals
 WHERE false;

SELECT retrieval_id, file_name, file_id, content_type, size, sha256, stored_at
  FROM latchkey.retrieval_files
 WHERE false;

ROLLBACK;
