-- Deploy latchkey:retrievals to pg
-- requires: platforms
-- requires: collectors
-- requires: users
--
-- No column of these counts anything that could outgrow it: a year, and a count that the quota bounds.
-- squawk-ignore-file prefer-bigint-over-int

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- A collector names a retrieval by its id alone, so that is the key.
-- There are no foreign keys to collectors, platforms and users: each beginning would lock their rows, and beginnings at
-- the same time would share those locks through a multixact each. begin_retrieval, the only writer, has just read
-- them, and nothing deletes rows of these tables. Nor is there one to link_attempts, which are removed first.
-- Vacuum and analyze come after 2 % of changes, since 20 % of a large table is too late.
CREATE TABLE latchkey.retrievals (
    id             uuid          NOT NULL,
    number         bigint        NOT NULL GENERATED ALWAYS AS IDENTITY,
    collector_id   uuid          NOT NULL,
    client_app_id  uuid          NOT NULL,
    user_id        uuid          NOT NULL,
    mode           latchkey.mode NOT NULL,
    platform       text          COLLATE "C" NOT NULL,
    tax_year       integer       NOT NULL,
    created_at     timestamptz   NOT NULL DEFAULT now(),
    status         text          NOT NULL DEFAULT 'open',
    finished_at    timestamptz,
    metadata       text          NOT NULL DEFAULT '{}',
    document_count integer       NOT NULL DEFAULT 0,
    webhook_url    text,
    request_id     text,
    attempt_id     uuid,
    link_metadata  text,
    CONSTRAINT retrievals_pkey                    PRIMARY KEY (id),
    CONSTRAINT retrievals_platform_length         CHECK (char_length(platform) BETWEEN 1 AND 64),
    CONSTRAINT retrievals_tax_year_range          CHECK (tax_year BETWEEN 1900 AND 9999),
    CONSTRAINT retrievals_status_known            CHECK (status IN ('open', 'success', 'failure', 'abandoned')),
    CONSTRAINT retrievals_finished_at_set         CHECK ((finished_at IS NULL) = (status = 'open')),
    CONSTRAINT retrievals_metadata_length         CHECK (octet_length(metadata) BETWEEN 2 AND 16384),
    CONSTRAINT retrievals_metadata_object         CHECK (left(metadata, 1) = '{' AND right(metadata, 1) = '}'),
    CONSTRAINT retrievals_document_count_positive CHECK (document_count >= 0),
    CONSTRAINT retrievals_webhook_url_length      CHECK (char_length(webhook_url) <= 2048),
    CONSTRAINT retrievals_webhook_url_scheme      CHECK (webhook_url ~ '^https?://[^[:space:][:cntrl:]]+$'),
    CONSTRAINT retrievals_request_id_format       CHECK (request_id ~ '^[A-Za-z0-9._-]{1,64}$'),
    CONSTRAINT retrievals_link_metadata_length    CHECK (octet_length(link_metadata) BETWEEN 2 AND 16384),
    CONSTRAINT retrievals_link_metadata_object    CHECK (left(link_metadata, 1) = '{'
                                                         AND right(link_metadata, 1) = '}'),
    CONSTRAINT retrievals_link_metadata_attempt   CHECK (link_metadata IS NULL OR attempt_id IS NOT NULL)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- For erase_user_data.
CREATE INDEX retrievals_user_id ON latchkey.retrievals (client_app_id, user_id);
-- For abandon_retrievals and remove_retrievals.
CREATE INDEX retrievals_created_at_open ON latchkey.retrievals (created_at) WHERE status = 'open';
CREATE INDEX retrievals_finished_at ON latchkey.retrievals (finished_at) WHERE status <> 'open';

COMMENT ON TABLE  latchkey.retrievals                IS
    'What a collector retrieves for a user from one platform for one tax year. '
    'Written by begin_retrieval and finish_retrieval, given up by abandon_retrievals, removed by remove_retrievals';
COMMENT ON COLUMN latchkey.retrievals.id             IS 'UUID version 7 made by latchkeyd';
COMMENT ON COLUMN latchkey.retrievals.number         IS 'Counts up; the member data.id of the webhook';
COMMENT ON COLUMN latchkey.retrievals.collector_id   IS 'Which collector began it; to all others it does not exist';
COMMENT ON COLUMN latchkey.retrievals.client_app_id  IS 'Whose user it is for';
COMMENT ON COLUMN latchkey.retrievals.user_id        IS 'The user that it is for';
COMMENT ON COLUMN latchkey.retrievals.mode           IS 'The mode of the user; it does not exist in the other';
COMMENT ON COLUMN latchkey.retrievals.platform       IS 'From which platform';
COMMENT ON COLUMN latchkey.retrievals.tax_year       IS 'For which tax year';
COMMENT ON COLUMN latchkey.retrievals.created_at     IS 'When it was begun';
COMMENT ON COLUMN latchkey.retrievals.status         IS
    'open; success, failure: as the collector finished it; abandoned: nobody finished it in time';
COMMENT ON COLUMN latchkey.retrievals.finished_at    IS 'When it was finished or abandoned; NULL: open';
COMMENT ON COLUMN latchkey.retrievals.metadata       IS
    'The JSON object that the collector finished it with, as it was written, at most 16384 bytes';
COMMENT ON COLUMN latchkey.retrievals.document_count IS 'How many documents it published; 0 unless status is success';
COMMENT ON COLUMN latchkey.retrievals.webhook_url    IS
    'Where its end is announced, http or https; NULL: at the client app''s own URL';
COMMENT ON COLUMN latchkey.retrievals.request_id     IS
    'Id of the request that began it, as in the logs; NULL: none was given';
COMMENT ON COLUMN latchkey.retrievals.attempt_id     IS
    'The attempt in the link modal that it was begun for; NULL: begun with an access token';
COMMENT ON COLUMN latchkey.retrievals.link_metadata  IS
    'The JSON object that the page opened the modal with: announced in place of metadata; NULL: as attempt_id';

-- Rows come with each upload and go at the end of the retrieval, so vacuum must not wait for 20 % of a table whose size
-- swings.
CREATE TABLE latchkey.retrieval_files (
    retrieval_id uuid        NOT NULL,
    file_name    text        COLLATE "C" NOT NULL,
    file_id      uuid        NOT NULL,
    content_type text        NOT NULL,
    size         bigint      NOT NULL,
    sha256       bytea       NOT NULL,
    stored_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT retrieval_files_pkey                PRIMARY KEY (retrieval_id, file_name),
    CONSTRAINT retrieval_files_file_id_key         UNIQUE (file_id),
    CONSTRAINT retrieval_files_retrieval_id_fkey   FOREIGN KEY (retrieval_id) REFERENCES latchkey.retrievals (id),
    CONSTRAINT retrieval_files_file_name_length    CHECK (octet_length(file_name) BETWEEN 1 AND 255),
    CONSTRAINT retrieval_files_file_name_plain     CHECK (file_name !~ '[\u0001-\u001f\u007f-\u009f/]'
                                                          AND file_name NOT IN ('.', '..')),
    CONSTRAINT retrieval_files_content_type_format CHECK (char_length(content_type) <= 127 AND content_type
                                                          ~ '^[-!#$%&''*+.^_`|~0-9a-z]+/[-!#$%&''*+.^_`|~0-9a-z]+$'),
    CONSTRAINT retrieval_files_size_range          CHECK (size BETWEEN 0 AND 52428800),
    CONSTRAINT retrieval_files_sha256_length       CHECK (octet_length(sha256) = 32)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- For is_content_referenced.
CREATE INDEX retrieval_files_sha256 ON latchkey.retrieval_files (sha256);

COMMENT ON TABLE  latchkey.retrieval_files              IS
    'Files of retrievals that are open. Written by record_file; finish_retrieval makes them documents';
COMMENT ON COLUMN latchkey.retrieval_files.retrieval_id IS 'The retrieval that brought it';
COMMENT ON COLUMN latchkey.retrieval_files.file_name    IS
    'A plain name: 1 to 255 bytes, no slash, no control characters, neither . nor ..';
COMMENT ON COLUMN latchkey.retrieval_files.file_id      IS
    'UUID version 7 made by latchkeyd: the id of the document, if there is none of that name yet';
COMMENT ON COLUMN latchkey.retrieval_files.content_type IS 'type/subtype in lower case, without parameters';
COMMENT ON COLUMN latchkey.retrieval_files.size         IS 'Bytes, at most 50 MiB';
COMMENT ON COLUMN latchkey.retrieval_files.sha256       IS
    'SHA-256 (32 bytes) of the content, which is a file of that name in the document store';
COMMENT ON COLUMN latchkey.retrieval_files.stored_at    IS 'When it was recorded; its content was on disk before';

COMMIT;
