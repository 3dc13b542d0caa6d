-- Verify latchkey:secrets_by_hash on pg

BEGIN;

SELECT 1 / i.indisvalid::int
  FROM pg_catalog.pg_index AS i
 WHERE i.indexrelid = 'latchkey.secrets_secret_hash'::regclass;

SELECT 1 / (pg_get_indexdef('latchkey.secrets_secret_hash'::regclass) LIKE '%secrets USING btree (secret_hash)')::int;

ROLLBACK;
