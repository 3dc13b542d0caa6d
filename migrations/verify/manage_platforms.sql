-- Verify latchkey:manage_platforms on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.create_platform(text, text, text, boolean, boolean, text)',
           'latchkey_admin.set_platform_active(text, text, boolean)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
