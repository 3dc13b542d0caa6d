-- Verify latchkey:erase_user_data on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.erase_user_data(text, uuid, uuid)',
           'latchkey_admin.unreferenced_contents(bytea[])'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
