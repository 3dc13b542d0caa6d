-- Verify latchkey:deliver_webhooks on pg

BEGIN;

-- They run as their owner: the caller has no right on a table.
SELECT 1 / prosecdef::int
  FROM unnest(ARRAY[
           'latchkey_delivery.claim(integer, integer, integer, interval)',
           'latchkey_delivery.read(uuid[], integer[])',
           'latchkey_delivery.settle(uuid, integer, text, interval, integer, text, interval)',
           'latchkey_delivery.release(uuid, integer)'
       ]::regprocedure[]) AS f (oid)
  JOIN pg_catalog.pg_proc AS p USING (oid);

-- They work, whatever is passed, and take nothing for that.
SELECT 1 / (count(*) = 0)::int
  FROM latchkey_delivery.claim(NULL, NULL, NULL, NULL);
SELECT 1 / (count(*) = 0)::int
  FROM latchkey_delivery.read(NULL, NULL);
SELECT 1 / (NOT latchkey_delivery.settle(NULL, NULL, NULL, NULL, NULL, NULL, NULL))::int;
SELECT 1 / (NOT latchkey_delivery.release(NULL, NULL))::int;

ROLLBACK;
