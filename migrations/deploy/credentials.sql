-- Deploy latchkey:credentials to pg
-- requires: client_apps

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.credentials (
    api_key       uuid        NOT NULL,
    client_app_id uuid        NOT NULL,
    sandbox_only  boolean     NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT credentials_pkey               PRIMARY KEY (api_key),
    CONSTRAINT credentials_client_app_id_fkey FOREIGN KEY (client_app_id) REFERENCES latchkey.client_apps (id)
);

CREATE INDEX credentials_client_app_id ON latchkey.credentials (client_app_id);

COMMENT ON TABLE  latchkey.credentials               IS
    'An API key of a client app; its secrets are in latchkey.secrets. Written by latchkey_admin';
COMMENT ON COLUMN latchkey.credentials.api_key       IS
    'UUID made by the administrator''s command; not secret; stays when the secret is regenerated';
COMMENT ON COLUMN latchkey.credentials.client_app_id IS 'Whose credential it is';
COMMENT ON COLUMN latchkey.credentials.sandbox_only  IS
    'True: works in sandbox mode alone (secrets lk_test_...); false: in both modes (lk_live_...)';
COMMENT ON COLUMN latchkey.credentials.created_at    IS 'When it was made; set by create_client_app';

COMMIT;
