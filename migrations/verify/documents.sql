-- Verify latchkey:documents on pg

BEGIN;

SELECT client_app_id, user_id, id, tax_year, year_order, file_name, platform, content_type, size, sha256, retrieval_id,
       created_at, retrieved_at
  FROM latchkey.documents
 WHERE false;

SELECT client_app_id, user_id, platform, tax_year, year_order, platform_name, last_used_at, document_count
  FROM latchkey.platform_links
 WHERE false;

-- A page is read from an index alone: each holds the order and, behind it, all that is answered.
SELECT 1 / (pg_get_indexdef('latchkey.documents_in_order'::regclass)
            LIKE '%(client_app_id, user_id, year_order, file_name, platform) INCLUDE (id, content_type, size)')::int;
SELECT 1 / (pg_get_indexdef('latchkey.platform_links_in_order'::regclass)
            LIKE '%(client_app_id, user_id, year_order, platform_name, platform) INCLUDE (last_used_at, document_count)'
           )::int;

-- In byte order, whatever the database's collation is.
SELECT 1 / (count(*) = 4)::int
  FROM pg_catalog.pg_attribute AS a
 WHERE a.attrelid IN ('latchkey.documents'::regclass, 'latchkey.platform_links'::regclass)
   AND a.attname IN ('file_name', 'platform_name', 'platform')
   AND a.attcollation = '"C"'::regcollation;

ROLLBACK;
