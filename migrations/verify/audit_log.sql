-- Verify latchkey:audit_log on pg

BEGIN;

SELECT acted_at, id, database_role, actor, act, object, detail
  FROM latchkey.audit_log
 WHERE false;

SELECT 'latchkey.ensure_audit_partitions(integer)'::regprocedure;

-- There is a default partition, so no act fails for want of one.
SELECT 1 / (count(*) = 1)::int
  FROM pg_catalog.pg_partitioned_table
 WHERE partrelid = 'latchkey.audit_log'::regclass
   AND partdefid = 'latchkey.audit_log_default'::regclass;

ROLLBACK;
