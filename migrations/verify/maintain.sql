-- Verify latchkey:maintain on pg

BEGIN;

SELECT 1 / prosecdef::int
  FROM pg_catalog.pg_proc
 WHERE oid = 'latchkey.maintain(integer)'::regprocedure;

ROLLBACK;
