-- Deploy latchkey:idempotency_keys to pg
-- requires: users

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- No foreign keys: a row is claimed before its user is made, lives for a day, and only token_context writes it.
CREATE TABLE latchkey.idempotency_keys (
    client_app_id uuid          NOT NULL,
    mode          latchkey.mode NOT NULL,
    key           text          NOT NULL,
    user_id       uuid          NOT NULL,
    made_user     boolean       NOT NULL,
    created_at    timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey       PRIMARY KEY (client_app_id, mode, key),
    CONSTRAINT idempotency_keys_key_format CHECK (key ~ '^[!-~]{1,255}$')
);

COMMENT ON TABLE  latchkey.idempotency_keys               IS
    'What a request with an Idempotency-Key was answered, so that its retry is answered alike. '
    'Written by token_context, emptied by latchkey.maintain';
COMMENT ON COLUMN latchkey.idempotency_keys.client_app_id IS 'Whose key it is';
COMMENT ON COLUMN latchkey.idempotency_keys.mode          IS 'The mode of the request; keys of the two modes are apart';
COMMENT ON COLUMN latchkey.idempotency_keys.key           IS 'The header''s value: 1 to 255 visible ASCII characters';
COMMENT ON COLUMN latchkey.idempotency_keys.user_id       IS 'The user that was answered';
COMMENT ON COLUMN latchkey.idempotency_keys.made_user     IS
    'True: the request named no user, so one was made; false: it named user_id';
COMMENT ON COLUMN latchkey.idempotency_keys.created_at    IS
    'When the request came; 24 hours later the key is free again';

COMMIT;
