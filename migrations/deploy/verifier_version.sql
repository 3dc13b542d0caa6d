-- Deploy latchkey:verifier_version to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.verifier_version (
    only_row   boolean     NOT NULL DEFAULT true,
    version    bigint      NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT verifier_version_pkey             PRIMARY KEY (only_row),
    CONSTRAINT verifier_version_only_row_true    CHECK (only_row),
    CONSTRAINT verifier_version_version_positive CHECK (version > 0)
);

COMMENT ON TABLE  latchkey.verifier_version            IS
    'One row: counts the changes that verify must see. Written by bump_verifier_version';
COMMENT ON COLUMN latchkey.verifier_version.only_row   IS 'Always true: there is one row';
COMMENT ON COLUMN latchkey.verifier_version.version    IS
    'Grows by one with each change of apps, erased users or revoked tokens, in the same transaction';
COMMENT ON COLUMN latchkey.verifier_version.changed_at IS 'When it grew last';

INSERT INTO latchkey.verifier_version (version) VALUES (1);

-- Its row lock makes such changes commit one after the other, so whoever sees a version sees every change up to it.
-- The notification is a mere hurry-up: it is sent at commit, is not stored, and latchkeyd polls the version as well.
CREATE FUNCTION latchkey.bump_verifier_version()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_version bigint;
BEGIN
    UPDATE latchkey.verifier_version AS v
       SET version = v.version + 1, changed_at = clock_timestamp()
    RETURNING v.version INTO STRICT v_version;

    PERFORM pg_notify('latchkey_verifier', v_version::text);
END
$$;

COMMENT ON FUNCTION latchkey.bump_verifier_version IS
    'Called by every function that changes what verify must see; notifies channel latchkey_verifier';

COMMIT;
