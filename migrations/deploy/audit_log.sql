-- Deploy latchkey:audit_log to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- A partition for each month (UTC), so that old months go by DROP TABLE. Append-only by its grants: no role may update
-- or delete, and the functions, which run as the owner, only insert.
CREATE TABLE latchkey.audit_log (
    acted_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    id            uuid        NOT NULL DEFAULT gen_random_uuid(),
    database_role name        NOT NULL DEFAULT session_user,
    actor         text        NOT NULL,
    act           text        NOT NULL,
    object        text        NOT NULL,
    detail        jsonb       NOT NULL DEFAULT '{}',
    CONSTRAINT audit_log_pkey             PRIMARY KEY (acted_at, id),
    CONSTRAINT audit_log_actor_length     CHECK (char_length(actor) BETWEEN 1 AND 200),
    CONSTRAINT audit_log_actor_printable  CHECK (actor !~ '[[:cntrl:]]'),
    CONSTRAINT audit_log_act_length       CHECK (char_length(act) BETWEEN 1 AND 64),
    CONSTRAINT audit_log_act_printable    CHECK (act !~ '[[:cntrl:]]'),
    CONSTRAINT audit_log_object_length    CHECK (char_length(object) BETWEEN 1 AND 200),
    CONSTRAINT audit_log_object_printable CHECK (object !~ '[[:cntrl:]]'),
    CONSTRAINT audit_log_detail_object    CHECK (jsonb_typeof(detail) = 'object'),
    CONSTRAINT audit_log_detail_length    CHECK (octet_length(detail::text) <= 8192)
) PARTITION BY RANGE (acted_at);

COMMENT ON TABLE  latchkey.audit_log               IS
    'Acts of administrators, in the transaction of the act. Written by latchkey_admin; never changed';
COMMENT ON COLUMN latchkey.audit_log.acted_at      IS 'When it was done';
COMMENT ON COLUMN latchkey.audit_log.id            IS 'Tells apart acts of the same microsecond';
COMMENT ON COLUMN latchkey.audit_log.database_role IS 'The role that was logged in to PostgreSQL';
COMMENT ON COLUMN latchkey.audit_log.actor         IS 'Who did it, as the administrator''s command says';
COMMENT ON COLUMN latchkey.audit_log.act           IS 'What was done, noun.verb, such as app.disable';
COMMENT ON COLUMN latchkey.audit_log.object        IS
    'To what: client_app:ID, credential:API_KEY, token:ID, user:CLIENT_APP_ID/ID, key:KID';
COMMENT ON COLUMN latchkey.audit_log.detail        IS
    'A JSON object, at most 8192 bytes; never holds a secret or a token';

-- Catches what no month takes, so that no act fails for want of a partition.
CREATE TABLE latchkey.audit_log_default PARTITION OF latchkey.audit_log DEFAULT;
COMMENT ON TABLE latchkey.audit_log_default IS
    'Acts of months without a partition; empty while latchkey.maintain is run';

-- CREATE TABLE ... PARTITION OF would lock out every reader and writer of the log; ATTACH PARTITION locks out those of
-- the default partition alone, for as long as it takes to move and check its rows: none as a rule.
-- SECURITY DEFINER, so that the owner owns what it makes, whether the migrator or a superuser runs it.
CREATE FUNCTION latchkey.ensure_audit_partitions(p_months_ahead integer)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    v_from       timestamptz;
    v_to         timestamptz;
    v_name       name;
    v_made       integer := 0;
BEGIN
    FOR i IN 0 .. p_months_ahead LOOP
        v_from := (v_this_month + i * interval '1 month') AT TIME ZONE 'UTC';
        v_to   := (v_this_month + (i + 1) * interval '1 month') AT TIME ZONE 'UTC';
        v_name := to_char(v_from AT TIME ZONE 'UTC', '"audit_log_"YYYY"_"MM');
        CONTINUE WHEN to_regclass('latchkey.' || v_name) IS NOT NULL;

        EXECUTE format('CREATE TABLE latchkey.%I (LIKE latchkey.audit_log'
                       ' INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)', v_name);
        EXECUTE format('COMMENT ON TABLE latchkey.%I IS %L', v_name, 'Acts of one month (UTC)');
        LOCK TABLE latchkey.audit_log_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('WITH moved AS (DELETE FROM latchkey.audit_log_default'
                       ' WHERE acted_at >= %2$L AND acted_at < %3$L RETURNING *)'
                       ' INSERT INTO latchkey.%1$I SELECT * FROM moved', v_name, v_from, v_to);
        EXECUTE format('ALTER TABLE latchkey.audit_log ATTACH PARTITION latchkey.%I FOR VALUES FROM (%L) TO (%L)',
                       v_name, v_from, v_to);
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END
$$;

COMMENT ON FUNCTION latchkey.ensure_audit_partitions IS
    'Makes the partitions of this month and so many months ahead that are not there yet; returns how many it made';

DO $$ BEGIN PERFORM latchkey.ensure_audit_partitions(12); END $$;

COMMIT;
