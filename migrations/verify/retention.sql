-- Verify latchkey:retention on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.abandon_retrievals(interval, integer)',
           'latchkey_admin.remove_retrievals(interval, integer)',
           'latchkey_admin.remove_deliveries(interval, integer)',
           'latchkey_admin.remove_expired(integer)',
           'latchkey_admin.drop_audit_partitions(text, integer)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
