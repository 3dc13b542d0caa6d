-- Verify latchkey:verifier_version on pg

BEGIN;

SELECT only_row, version, changed_at
  FROM latchkey.verifier_version
 WHERE false;

SELECT 1 / (count(*) = 1)::int FROM latchkey.verifier_version;
SELECT 1 / (prosrc LIKE '%pg_notify(''latchkey_verifier''%')::int
  FROM pg_catalog.pg_proc
 WHERE oid = 'latchkey.bump_verifier_version()'::regprocedure;

ROLLBACK;
