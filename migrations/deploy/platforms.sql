-- Deploy latchkey:platforms to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.platforms (
    id            text        COLLATE "C" NOT NULL,
    name          text        COLLATE "C" NOT NULL,
    production    boolean     NOT NULL,
    sandbox       boolean     NOT NULL,
    connector_url text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz,
    active        boolean     NOT NULL GENERATED ALWAYS AS (disabled_at IS NULL) STORED,
    CONSTRAINT platforms_pkey                 PRIMARY KEY (id),
    CONSTRAINT platforms_id_format            CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    CONSTRAINT platforms_id_length            CHECK (char_length(id) BETWEEN 1 AND 64),
    CONSTRAINT platforms_name_length          CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT platforms_name_printable       CHECK (name !~ '[\u0001-\u001f\u007f-\u009f]'),
    CONSTRAINT platforms_connector_url_length CHECK (char_length(connector_url) <= 2048),
    CONSTRAINT platforms_connector_url_scheme CHECK (connector_url ~ '^https?://[^[:space:][:cntrl:]]+$')
);

-- For link_platforms: the catalogue, in the order in which it is answered.
CREATE INDEX platforms_in_order ON latchkey.platforms (lower(name), name, id) WHERE active;

COMMENT ON TABLE  latchkey.platforms               IS
    'The catalogue: a bank, a broker, a payroll site. Written by latchkey_admin; rows are never deleted';
COMMENT ON COLUMN latchkey.platforms.id            IS
    'A slug such as first-sandbox-bank: lower-case letters, digits and single hyphens, at most 64; never changes';
COMMENT ON COLUMN latchkey.platforms.name          IS
    'What people call it; 1 to 200 characters; copied into platform_links, whose order it decides';
COMMENT ON COLUMN latchkey.platforms.production    IS 'True: offered in production mode';
COMMENT ON COLUMN latchkey.platforms.sandbox       IS 'True: offered in sandbox mode';
COMMENT ON COLUMN latchkey.platforms.connector_url IS
    'Where the program that signs in to it is, http or https; NULL: none';
COMMENT ON COLUMN latchkey.platforms.created_at    IS 'When it was made; set by create_platform';
COMMENT ON COLUMN latchkey.platforms.disabled_at   IS
    'Since when no retrieval begins for it; what was retrieved stays; set by set_platform_active; NULL: active';
COMMENT ON COLUMN latchkey.platforms.active        IS 'Computed: disabled_at is NULL';

INSERT INTO latchkey.platforms (id, name, production, sandbox)
VALUES ('first-sandbox-bank', 'First Sandbox Bank', false, true);

COMMIT;
