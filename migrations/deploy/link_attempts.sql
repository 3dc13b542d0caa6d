-- Deploy latchkey:link_attempts to pg
-- requires: link_tokens
-- requires: platforms
--
-- No column of these counts anything that could outgrow it: a year.
-- squawk-ignore-file prefer-bigint-over-int

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- An attempt is written three times within minutes, and no index has what changes: with room on the page its updates
-- are heap-only. The foreign key costs nothing: begin_link_attempt has locked the token's row.
CREATE TABLE latchkey.link_attempts (
    id            uuid          NOT NULL,
    token_id      uuid          NOT NULL,
    client_app_id uuid          NOT NULL,
    user_id       uuid          NOT NULL,
    mode          latchkey.mode NOT NULL,
    platform      text          COLLATE "C" NOT NULL,
    tax_year      integer       NOT NULL,
    created_at    timestamptz   NOT NULL DEFAULT now(),
    status        text          NOT NULL DEFAULT 'waiting',
    retrieval_id  uuid,
    document_ids  uuid[],
    finished_at   timestamptz,
    CONSTRAINT link_attempts_pkey                PRIMARY KEY (id),
    CONSTRAINT link_attempts_token_id_fkey       FOREIGN KEY (token_id) REFERENCES latchkey.link_tokens (id),
    CONSTRAINT link_attempts_platform_length     CHECK (char_length(platform) BETWEEN 1 AND 64),
    CONSTRAINT link_attempts_tax_year_range      CHECK (tax_year BETWEEN 1900 AND 9999),
    CONSTRAINT link_attempts_status_known        CHECK (status IN ('waiting', 'working', 'success', 'failure')),
    CONSTRAINT link_attempts_retrieval_id_set    CHECK ((retrieval_id IS NULL) = (status = 'waiting')),
    CONSTRAINT link_attempts_document_ids_set    CHECK ((document_ids IS NOT NULL) = (status = 'success')),
    CONSTRAINT link_attempts_document_ids_length CHECK (cardinality(document_ids) <= 10000),
    CONSTRAINT link_attempts_finished_at_set     CHECK ((finished_at IS NOT NULL) = (status IN ('success', 'failure')))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- For begin_link_attempt, which counts them, erase_user_data and remove_expired.
CREATE INDEX link_attempts_token_id ON latchkey.link_attempts (token_id);

COMMENT ON TABLE  latchkey.link_attempts               IS
    'What a user tries in the link modal: one platform for one tax year. Written by begin_link_attempt, '
    'begin_retrieval, finish_retrieval and abandon_retrievals, removed with its token';
COMMENT ON COLUMN latchkey.link_attempts.id            IS
    'UUID version 7 made by latchkeyd; the claim jti of the state that the platform''s collector is given';
COMMENT ON COLUMN latchkey.link_attempts.token_id      IS 'The token that opened the modal';
COMMENT ON COLUMN latchkey.link_attempts.client_app_id IS 'Whose user tries: that of the token';
COMMENT ON COLUMN latchkey.link_attempts.user_id       IS 'The user that tries: that of the token';
COMMENT ON COLUMN latchkey.link_attempts.mode          IS 'The mode of the user';
COMMENT ON COLUMN latchkey.link_attempts.platform      IS 'Which platform';
COMMENT ON COLUMN latchkey.link_attempts.tax_year      IS 'Which tax year';
COMMENT ON COLUMN latchkey.link_attempts.created_at    IS 'When it was begun';
COMMENT ON COLUMN latchkey.link_attempts.status        IS
    'waiting: for the user to sign in; working: a collector retrieves; success, failure: as that ended';
COMMENT ON COLUMN latchkey.link_attempts.retrieval_id  IS 'The retrieval that a collector began; NULL: waiting';
COMMENT ON COLUMN latchkey.link_attempts.document_ids  IS
    'The documents that the retrieval published; NULL unless status is success';
COMMENT ON COLUMN latchkey.link_attempts.finished_at   IS 'When it ended; NULL: waiting or working';

COMMIT;
