-- Deploy latchkey:collectors to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.collectors (
    id          uuid        NOT NULL,
    name        text        NOT NULL,
    key_hash    bytea       NOT NULL,
    hint        text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    active      boolean     NOT NULL GENERATED ALWAYS AS (disabled_at IS NULL) STORED,
    CONSTRAINT collectors_pkey            PRIMARY KEY (id),
    -- its key is all that a collector says of itself
    CONSTRAINT collectors_key_hash_key    UNIQUE (key_hash),
    CONSTRAINT collectors_name_length     CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT collectors_name_printable  CHECK (name !~ '[[:cntrl:]]'),
    CONSTRAINT collectors_key_hash_length CHECK (octet_length(key_hash) = 32),
    CONSTRAINT collectors_hint_format     CHECK (hint ~ '^[A-Za-z0-9_-]{1,16}$')
);

COMMENT ON TABLE  latchkey.collectors             IS
    'A trusted program that retrieves documents and records them. Written by latchkey_admin; rows are never deleted';
COMMENT ON COLUMN latchkey.collectors.id          IS 'UUID made by the administrator''s command';
COMMENT ON COLUMN latchkey.collectors.name        IS 'What people call it; 1 to 200 characters, need not be unique';
COMMENT ON COLUMN latchkey.collectors.key_hash    IS
    'HMAC-SHA-256 (32 bytes) of its key under a key file that is never in the database; readable by the owner alone';
COMMENT ON COLUMN latchkey.collectors.hint        IS
    'The key''s first characters, such as lk_coll_ab, to tell keys apart; too few to guess from';
COMMENT ON COLUMN latchkey.collectors.created_at  IS 'When it was made; set by create_collector';
COMMENT ON COLUMN latchkey.collectors.disabled_at IS
    'Since when its key no longer works; set by set_collector_active; NULL: active';
COMMENT ON COLUMN latchkey.collectors.active      IS 'Computed: disabled_at is NULL';

COMMIT;
