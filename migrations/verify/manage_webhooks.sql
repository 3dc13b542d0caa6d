-- Verify latchkey:manage_webhooks on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_admin.set_webhook_url(text, uuid, text)',
           'latchkey_admin.add_webhook_secret(text, uuid, uuid, text, interval)',
           'latchkey_admin.replay_delivery(text, uuid)',
           'latchkey_admin.create_test_delivery(text, uuid, uuid)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

ROLLBACK;
