-- Deploy latchkey:documents to pg
-- requires: retrievals
--
-- No column of these counts anything that could outgrow it: years, and a count of files of one user.
-- squawk-ignore-file prefer-bigint-over-int

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- What GET /api/prior-year answers comes from the two indexes ..._in_order alone, from one place on: they hold all
-- that is answered, in the order in which it is answered. year_order counts down as years go up, so that all their
-- columns ascend and one row comparison finds the place, whatever a user's history.
-- Such a scan looks at the table as well where vacuum has not been since a row was written. So vacuum comes after
-- 10,000 inserts, however large the table is: for those it reads new pages alone. After changes it comes at 2 %.
-- There are no foreign keys, for the reason in latchkey:retrievals; retrievals are removed before documents are.
CREATE TABLE latchkey.documents (
    client_app_id uuid        NOT NULL,
    user_id       uuid        NOT NULL,
    id            uuid        NOT NULL,
    tax_year      integer     NOT NULL,
    year_order    integer     NOT NULL GENERATED ALWAYS AS (-tax_year) STORED,
    file_name     text        COLLATE "C" NOT NULL,
    platform      text        COLLATE "C" NOT NULL,
    content_type  text        NOT NULL,
    size          bigint      NOT NULL,
    sha256        bytea       NOT NULL,
    retrieval_id  uuid        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    retrieved_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT documents_pkey                PRIMARY KEY (client_app_id, user_id, id),
    CONSTRAINT documents_tax_year_range      CHECK (tax_year BETWEEN 1900 AND 9999),
    CONSTRAINT documents_file_name_length    CHECK (octet_length(file_name) BETWEEN 1 AND 255),
    CONSTRAINT documents_file_name_plain     CHECK (file_name !~ '[\u0001-\u001f\u007f-\u009f/]'
                                                    AND file_name NOT IN ('.', '..')),
    CONSTRAINT documents_platform_length     CHECK (char_length(platform) BETWEEN 1 AND 64),
    CONSTRAINT documents_content_type_format CHECK (char_length(content_type) <= 127 AND content_type
                                                    ~ '^[-!#$%&''*+.^_`|~0-9a-z]+/[-!#$%&''*+.^_`|~0-9a-z]+$'),
    CONSTRAINT documents_size_range          CHECK (size BETWEEN 0 AND 52428800),
    CONSTRAINT documents_sha256_length       CHECK (octet_length(sha256) = 32)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000);

CREATE UNIQUE INDEX documents_in_order ON latchkey.documents
    (client_app_id, user_id, year_order, file_name, platform) INCLUDE (id, content_type, size);
-- For is_content_referenced.
CREATE INDEX documents_sha256 ON latchkey.documents (sha256);

COMMENT ON TABLE  latchkey.documents               IS
    'Documents that were retrieved for a user, one for each tax year, file name and platform. '
    'Written by finish_retrieval, removed by erase_user_data; the contents are files in the document store';
COMMENT ON COLUMN latchkey.documents.client_app_id IS 'Whose user it was retrieved for';
COMMENT ON COLUMN latchkey.documents.user_id       IS 'The user that it was retrieved for';
COMMENT ON COLUMN latchkey.documents.id            IS
    'UUID version 7 made by latchkeyd; stays when the same document is retrieved again';
COMMENT ON COLUMN latchkey.documents.tax_year      IS 'The tax year that it belongs to';
COMMENT ON COLUMN latchkey.documents.year_order    IS 'Computed: -tax_year, so that the newest year comes first';
COMMENT ON COLUMN latchkey.documents.file_name     IS
    'A plain name: 1 to 255 bytes, no slash, no control characters, neither . nor ..';
COMMENT ON COLUMN latchkey.documents.platform      IS 'The platform that it was retrieved from';
COMMENT ON COLUMN latchkey.documents.content_type  IS 'type/subtype in lower case, without parameters';
COMMENT ON COLUMN latchkey.documents.size          IS 'Bytes, at most 50 MiB';
COMMENT ON COLUMN latchkey.documents.sha256        IS
    'SHA-256 (32 bytes) of the content, which is a file of that name in the document store';
COMMENT ON COLUMN latchkey.documents.retrieval_id  IS 'The retrieval that brought this content';
COMMENT ON COLUMN latchkey.documents.created_at    IS 'When it was published first';
COMMENT ON COLUMN latchkey.documents.retrieved_at  IS 'When this content was published';

CREATE TABLE latchkey.platform_links (
    client_app_id  uuid        NOT NULL,
    user_id        uuid        NOT NULL,
    platform       text        COLLATE "C" NOT NULL,
    tax_year       integer     NOT NULL,
    year_order     integer     NOT NULL GENERATED ALWAYS AS (-tax_year) STORED,
    platform_name  text        COLLATE "C" NOT NULL,
    last_used_at   timestamptz NOT NULL,
    document_count integer     NOT NULL,
    CONSTRAINT platform_links_pkey                    PRIMARY KEY (client_app_id, user_id, platform, tax_year),
    CONSTRAINT platform_links_platform_length         CHECK (char_length(platform) BETWEEN 1 AND 64),
    CONSTRAINT platform_links_tax_year_range          CHECK (tax_year BETWEEN 1900 AND 9999),
    CONSTRAINT platform_links_platform_name_length    CHECK (char_length(platform_name) BETWEEN 1 AND 200),
    CONSTRAINT platform_links_document_count_positive CHECK (document_count >= 0)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000);

CREATE INDEX platform_links_in_order ON latchkey.platform_links
    (client_app_id, user_id, year_order, platform_name, platform) INCLUDE (last_used_at, document_count);

COMMENT ON TABLE  latchkey.platform_links                IS
    'Platforms that a user used, one row for each tax year. '
    'Written by finish_retrieval, removed by erase_user_data';
COMMENT ON COLUMN latchkey.platform_links.client_app_id  IS 'Whose user used it';
COMMENT ON COLUMN latchkey.platform_links.user_id        IS 'The user that used it';
COMMENT ON COLUMN latchkey.platform_links.platform       IS 'The platform';
COMMENT ON COLUMN latchkey.platform_links.tax_year       IS 'The tax year that it was used for';
COMMENT ON COLUMN latchkey.platform_links.year_order     IS 'Computed: -tax_year, so that the newest year comes first';
COMMENT ON COLUMN latchkey.platform_links.platform_name  IS
    'The platform''s name when it was used last: a copy, so that a page is in order without a join';
COMMENT ON COLUMN latchkey.platform_links.last_used_at   IS 'When a retrieval from it last succeeded';
COMMENT ON COLUMN latchkey.platform_links.document_count IS
    'How many documents of that tax year are there from it, as counted when it was used last';

COMMIT;
