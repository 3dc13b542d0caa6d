-- Deploy latchkey:client_app_origins to pg
-- requires: client_apps

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.client_app_origins (
    client_app_id uuid        NOT NULL,
    origin        text        COLLATE "C" NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT client_app_origins_pkey               PRIMARY KEY (client_app_id, origin),
    CONSTRAINT client_app_origins_client_app_id_fkey FOREIGN KEY (client_app_id) REFERENCES latchkey.client_apps (id),
    CONSTRAINT client_app_origins_origin_length      CHECK (char_length(origin) <= 260),
    CONSTRAINT client_app_origins_origin_format
        CHECK (origin ~ '^https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$')
);

COMMENT ON TABLE  latchkey.client_app_origins               IS
    'Where a client app''s pages may show the link modal, at most 20 origins each. Written by latchkey_admin';
COMMENT ON COLUMN latchkey.client_app_origins.client_app_id IS 'Whose pages they are';
COMMENT ON COLUMN latchkey.client_app_origins.origin        IS
    'As browsers write it: http or https, host and port, in lower case, without a default port; at most 260 characters';
COMMENT ON COLUMN latchkey.client_app_origins.created_at    IS 'When it was added; set by add_origin';

COMMIT;
