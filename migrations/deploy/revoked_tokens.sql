-- Deploy latchkey:revoked_tokens to pg
-- requires: client_apps

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE TABLE latchkey.revoked_tokens (
    token_id      text        NOT NULL,
    client_app_id uuid        NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz NOT NULL DEFAULT now(),
    reason        text,
    CONSTRAINT revoked_tokens_pkey               PRIMARY KEY (token_id),
    CONSTRAINT revoked_tokens_client_app_id_fkey FOREIGN KEY (client_app_id) REFERENCES latchkey.client_apps (id),
    CONSTRAINT revoked_tokens_token_id_format    CHECK (token_id ~ '^[0-9a-f]{32}$'),
    CONSTRAINT revoked_tokens_reason_length      CHECK (char_length(reason) BETWEEN 1 AND 500)
);

-- For verifier_snapshot and maintain.
CREATE INDEX revoked_tokens_expires_at ON latchkey.revoked_tokens (expires_at);

COMMENT ON TABLE  latchkey.revoked_tokens               IS
    'Tokens that fail before their time. Written by revoke_token, emptied by latchkey.maintain once they have expired';
COMMENT ON COLUMN latchkey.revoked_tokens.token_id      IS 'The claim jti: 32 lower-case hexadecimal digits';
COMMENT ON COLUMN latchkey.revoked_tokens.client_app_id IS 'The client app that the token was made for';
COMMENT ON COLUMN latchkey.revoked_tokens.expires_at    IS 'The claim exp: from then on it fails anyway';
COMMENT ON COLUMN latchkey.revoked_tokens.revoked_at    IS 'When it was revoked';
COMMENT ON COLUMN latchkey.revoked_tokens.reason        IS
    'Why, in the administrator''s words, at most 500 characters; NULL: none was given';

COMMIT;
