-- Deploy latchkey:secrets to pg
-- requires: credentials

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.secrets (
    id          uuid        NOT NULL,
    api_key     uuid        NOT NULL,
    secret_hash bytea       NOT NULL,
    hint        text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz,
    CONSTRAINT secrets_pkey               PRIMARY KEY (id),
    -- token_context looks a secret up by both columns
    CONSTRAINT secrets_secret_hash_key    UNIQUE (api_key, secret_hash),
    CONSTRAINT secrets_api_key_fkey       FOREIGN KEY (api_key) REFERENCES latchkey.credentials (api_key),
    CONSTRAINT secrets_secret_hash_length CHECK (octet_length(secret_hash) = 32),
    CONSTRAINT secrets_hint_format        CHECK (hint ~ '^[A-Za-z0-9_-]{1,16}$')
);

COMMENT ON TABLE  latchkey.secrets             IS
    'Secrets of an API key; two or more work while an older one runs out. Written by latchkey_admin';
COMMENT ON COLUMN latchkey.secrets.id          IS 'UUID made by the administrator''s command';
COMMENT ON COLUMN latchkey.secrets.api_key     IS 'The credential that it proves';
COMMENT ON COLUMN latchkey.secrets.secret_hash IS
    'HMAC-SHA-256 (32 bytes) of the secret under a key file that is never in the database; readable by the owner alone';
COMMENT ON COLUMN latchkey.secrets.hint        IS
    'The secret''s first characters, such as lk_live_ab, to tell secrets apart; too few to guess from';
COMMENT ON COLUMN latchkey.secrets.created_at  IS 'When it was made; set by create_client_app and regenerate_secret';
COMMENT ON COLUMN latchkey.secrets.expires_at  IS
    'From when it no longer works; set by regenerate_secret on the older ones; NULL: no end';

COMMIT;
