-- Deploy latchkey:webhook_secrets to pg
-- requires: client_apps

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.webhook_secrets (
    client_app_id uuid        NOT NULL,
    id            uuid        NOT NULL,
    kid           text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    CONSTRAINT webhook_secrets_pkey               PRIMARY KEY (client_app_id, id),
    CONSTRAINT webhook_secrets_client_app_id_fkey FOREIGN KEY (client_app_id) REFERENCES latchkey.client_apps (id),
    CONSTRAINT webhook_secrets_kid_format         CHECK (kid ~ '^[A-Za-z0-9._-]{1,64}$')
);

-- For remove_expired.
CREATE INDEX webhook_secrets_expires_at ON latchkey.webhook_secrets (expires_at) WHERE expires_at IS NOT NULL;

COMMENT ON TABLE  latchkey.webhook_secrets               IS
    'Which secrets webhooks of a client app are signed with. No secret is here: each is computed from a key file and '
    'the ids in its row. Written by add_webhook_secret, emptied by remove_expired';
COMMENT ON COLUMN latchkey.webhook_secrets.client_app_id IS 'Whose secret it is';
COMMENT ON COLUMN latchkey.webhook_secrets.id            IS 'UUID made by the administrator''s command';
COMMENT ON COLUMN latchkey.webhook_secrets.kid           IS 'Names the key that the secret is computed with';
COMMENT ON COLUMN latchkey.webhook_secrets.created_at    IS 'When it was made';
COMMENT ON COLUMN latchkey.webhook_secrets.expires_at    IS
    'From when nothing is signed with it; set by add_webhook_secret on the older ones; NULL: no end';

COMMIT;
