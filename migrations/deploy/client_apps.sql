-- Deploy latchkey:client_apps to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.client_apps (
    id              uuid        NOT NULL,
    name            text        NOT NULL,
    organisation_id text,
    webhook_url     text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    disabled_at     timestamptz,
    active          boolean     NOT NULL GENERATED ALWAYS AS (disabled_at IS NULL) STORED,
    CONSTRAINT client_apps_pkey                   PRIMARY KEY (id),
    CONSTRAINT client_apps_name_length            CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT client_apps_name_printable         CHECK (name !~ '[[:cntrl:]]'),
    CONSTRAINT client_apps_organisation_id_length CHECK (char_length(organisation_id) BETWEEN 1 AND 255),
    CONSTRAINT client_apps_webhook_url_length     CHECK (char_length(webhook_url) <= 2048),
    CONSTRAINT client_apps_webhook_url_scheme     CHECK (webhook_url ~ '^https?://[^[:space:][:cntrl:]]+$')
);

COMMENT ON TABLE  latchkey.client_apps                 IS
    'An organisation''s application that asks for tokens. Written by latchkey_admin; rows are never deleted';
COMMENT ON COLUMN latchkey.client_apps.id              IS
    'UUID made by the administrator''s command; the claim client_app_id of tokens, the client of verify';
COMMENT ON COLUMN latchkey.client_apps.name            IS
    'What people call it; 1 to 200 characters, need not be unique';
COMMENT ON COLUMN latchkey.client_apps.organisation_id IS
    'Opaque id of the organisation, given by the administrator; NULL: none was given';
COMMENT ON COLUMN latchkey.client_apps.webhook_url     IS
    'Where events of its users are posted, http or https; NULL: none';
COMMENT ON COLUMN latchkey.client_apps.created_at      IS 'When it was made; set by create_client_app';
COMMENT ON COLUMN latchkey.client_apps.disabled_at     IS
    'Since when it gets no token and its tokens fail; set by set_client_app_active; NULL: active';
COMMENT ON COLUMN latchkey.client_apps.active          IS 'Computed: disabled_at is NULL';

COMMIT;
