-- Deploy latchkey:link_tokens to pg
-- requires: client_apps
-- requires: users

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- There are no foreign keys, for the reason in latchkey:retrievals.
-- Rows come with each token of the QuickStart and go a day after its end, so vacuum must not wait for 20 % of a table
-- whose size swings.
CREATE TABLE latchkey.link_tokens (
    id                 uuid          NOT NULL,
    number             bigint        NOT NULL GENERATED ALWAYS AS IDENTITY,
    client_app_id      uuid          NOT NULL,
    user_id            uuid          NOT NULL,
    mode               latchkey.mode NOT NULL,
    webhook_url        text,
    created_at         timestamptz   NOT NULL DEFAULT now(),
    expires_at         timestamptz   NOT NULL,
    opened_at          timestamptz,
    session_hash       bytea,
    session_expires_at timestamptz,
    origin             text          COLLATE "C",
    metadata           text,
    CONSTRAINT link_tokens_pkey                PRIMARY KEY (id),
    CONSTRAINT link_tokens_webhook_url_length  CHECK (char_length(webhook_url) <= 2048),
    CONSTRAINT link_tokens_webhook_url_scheme  CHECK (webhook_url ~ '^https?://[^[:space:][:cntrl:]]+$'),
    CONSTRAINT link_tokens_session_hash_length CHECK (octet_length(session_hash) = 32),
    CONSTRAINT link_tokens_origin_length       CHECK (char_length(origin) <= 260),
    CONSTRAINT link_tokens_metadata_length     CHECK (octet_length(metadata) BETWEEN 2 AND 16384),
    CONSTRAINT link_tokens_metadata_object     CHECK (left(metadata, 1) = '{' AND right(metadata, 1) = '}'),
    CONSTRAINT link_tokens_session_whole
        CHECK (num_nulls(opened_at, session_hash, session_expires_at, origin, metadata) IN (0, 5))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- What the modal proves itself with.
CREATE UNIQUE INDEX link_tokens_session_hash ON latchkey.link_tokens (session_hash) WHERE session_hash IS NOT NULL;
-- For erase_user_data.
CREATE INDEX link_tokens_user_id ON latchkey.link_tokens (client_app_id, user_id);
-- For remove_expired.
CREATE INDEX link_tokens_expires_at ON latchkey.link_tokens (expires_at);

COMMENT ON TABLE  latchkey.link_tokens                    IS
    'A token made for the link modal, or that has opened it, and the modal''s session. '
    'Written by initialize_token and open_link, removed by remove_expired and erase_user_data';
COMMENT ON COLUMN latchkey.link_tokens.id                 IS 'The claim jti, as 16 bytes';
COMMENT ON COLUMN latchkey.link_tokens.number             IS 'Counts up; the member id of initialize-token''s answer';
COMMENT ON COLUMN latchkey.link_tokens.client_app_id      IS 'The client app that the token was made for';
COMMENT ON COLUMN latchkey.link_tokens.user_id            IS 'The user that it was made for';
COMMENT ON COLUMN latchkey.link_tokens.mode               IS 'The mode of the user';
COMMENT ON COLUMN latchkey.link_tokens.webhook_url        IS
    'Where the ends of this token''s retrievals are announced, http or https; NULL: at the client app''s own URL';
COMMENT ON COLUMN latchkey.link_tokens.created_at         IS
    'When it was made; when it opened the modal, if another endpoint made it';
COMMENT ON COLUMN latchkey.link_tokens.expires_at         IS 'The claim exp: until then it may open the modal';
COMMENT ON COLUMN latchkey.link_tokens.opened_at          IS
    'When it opened the modal, which it does once; NULL, as the next four: not yet';
COMMENT ON COLUMN latchkey.link_tokens.session_hash       IS
    'HMAC-SHA-256 (32 bytes) of the session key under a key file that is never in the database; '
    'readable by the owner alone';
COMMENT ON COLUMN latchkey.link_tokens.session_expires_at IS 'From when the session key no longer works';
COMMENT ON COLUMN latchkey.link_tokens.origin             IS 'The origin of the page that shows the modal';
COMMENT ON COLUMN latchkey.link_tokens.metadata           IS
    'The JSON object that the page opened the modal with, as it was written, at most 16384 bytes';

COMMIT;
