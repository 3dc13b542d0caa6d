-- Deploy latchkey:maintain to pg
-- requires: idempotency_keys
-- requires: revoked_tokens
-- requires: audit_log

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey.maintain(p_at_most integer DEFAULT 10000)
RETURNS TABLE (task text, done bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    task := 'audit log partitions made';
    done := latchkey.ensure_audit_partitions(12);
    RETURN NEXT;

    -- A day is enough for the answer; an hour more than the life of a token, for verifiers that allow some leeway.
    DELETE FROM latchkey.idempotency_keys AS k
     WHERE k.ctid = ANY (ARRAY(SELECT expired.ctid
                                 FROM latchkey.idempotency_keys AS expired
                                WHERE expired.created_at <= now() - interval '24 hours'
                                LIMIT p_at_most
                                  FOR UPDATE SKIP LOCKED));
    task := 'expired idempotency keys removed';
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN NEXT;

    DELETE FROM latchkey.revoked_tokens AS t
     WHERE t.ctid = ANY (ARRAY(SELECT expired.ctid
                                 FROM latchkey.revoked_tokens AS expired
                                WHERE expired.expires_at <= now() - interval '1 hour'
                                LIMIT p_at_most
                                  FOR UPDATE SKIP LOCKED));
    task := 'expired revocations removed';
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION latchkey.maintain IS
    'Run daily by the migrator: makes audit partitions a year ahead, removes at most so many expired rows a table';

COMMIT;
