-- Deploy latchkey:users to pg
-- requires: schemas

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- The client app leads the key: its users lie together, and either column could become a distribution key.
-- last_seen_on must not be indexed: its updates would no longer be heap-only. fillfactor leaves them room on the row's
-- own page; vacuum and analyze come after 2 % of changes, since 20 % of a large table is too late.
-- There is no foreign key to client_apps: every new user would lock its app's row, and calls of one app at the same
-- time would share that lock through a multixact each (8 to 20 % of the inserts). token_context, the only writer, has
-- just read the app, and an app cannot be deleted while its credentials, which do have the key, are there.
CREATE TABLE latchkey.users (
    client_app_id uuid          NOT NULL,
    id            uuid          NOT NULL,
    created_at    timestamptz   NOT NULL DEFAULT now(),
    mode          latchkey.mode NOT NULL,
    last_seen_on  date,
    erased_at     timestamptz,
    request_id    text,
    CONSTRAINT users_pkey              PRIMARY KEY (client_app_id, id),
    CONSTRAINT users_request_id_format CHECK (request_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    CONSTRAINT users_last_seen_on_set  CHECK ((last_seen_on IS NULL) = (erased_at IS NOT NULL)),
    CONSTRAINT users_request_id_erased CHECK (request_id IS NULL OR erased_at IS NULL)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- For verifier_snapshot. Living users are not in it, so making or seeing one does not touch it.
CREATE INDEX users_erased_at ON latchkey.users (erased_at) WHERE erased_at IS NOT NULL;

COMMENT ON TABLE  latchkey.users               IS
    'An end user of one client app in one mode. '
    'Made by token_context; an erased one stays as a tombstone, so that its id never comes back';
COMMENT ON COLUMN latchkey.users.client_app_id IS 'Whose user it is';
COMMENT ON COLUMN latchkey.users.id            IS 'UUID version 7 made by latchkeyd; the claim taiki_user_id of tokens';
COMMENT ON COLUMN latchkey.users.created_at    IS 'When it was made; set by token_context';
COMMENT ON COLUMN latchkey.users.mode          IS 'The mode it was made in, the only one it exists in';
COMMENT ON COLUMN latchkey.users.last_seen_on  IS
    'Day (UTC) of its latest token, written at most once a day by token_context; NULL: erased';
COMMENT ON COLUMN latchkey.users.erased_at     IS 'When erase_user emptied it; NULL: living';
COMMENT ON COLUMN latchkey.users.request_id    IS
    'Id of the request that made it, as in the logs; NULL: none was given, or erased';

COMMIT;
