-- Verify latchkey:manage_client_apps on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.create_client_app(text, uuid, text, text, text, uuid, boolean, uuid, bytea, text)',
           'latchkey_admin.set_client_app_active(text, uuid, boolean)',
           'latchkey_admin.regenerate_secret(text, uuid, uuid, bytea, text, interval)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
