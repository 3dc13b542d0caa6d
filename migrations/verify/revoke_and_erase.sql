-- Verify latchkey:revoke_and_erase on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.revoke_token(text, text, uuid, timestamptz, text)',
           'latchkey_admin.erase_user(text, uuid, uuid)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
