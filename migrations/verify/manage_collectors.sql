-- Verify latchkey:manage_collectors on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.create_collector(text, uuid, text, bytea, text)',
           'latchkey_admin.set_collector_active(text, uuid, boolean)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
