-- Deploy latchkey:webhook_deliveries to pg
-- requires: retrievals
--
-- No column of these counts anything that could outgrow it: counts of attempts, and a status of HTTP.
-- squawk-ignore-file prefer-bigint-over-int

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- There are no foreign keys, for the reason in latchkey:retrievals; a test belongs to no user.
-- A delivery is written three times or more, and removed a month later: vacuum comes after 2 % of changes.
CREATE TABLE latchkey.webhook_deliveries (
    id                   uuid          NOT NULL,
    client_app_id        uuid          NOT NULL,
    user_id              uuid          NOT NULL,
    mode                 latchkey.mode NOT NULL,
    retrieval_id         uuid,
    kind                 text          NOT NULL,
    url                  text,
    state                text          NOT NULL DEFAULT 'pending',
    attempts             integer       NOT NULL DEFAULT 0,
    attempts_uncounted   integer       NOT NULL DEFAULT 0,
    next_attempt_at      timestamptz   NOT NULL DEFAULT now(),
    claimed_until        timestamptz,
    created_at           timestamptz   NOT NULL DEFAULT now(),
    queued_at            timestamptz   NOT NULL DEFAULT now(),
    last_attempt_at      timestamptz,
    last_status          integer,
    last_error           text,
    document_ids         uuid[]        NOT NULL DEFAULT '{}',
    status               text          NOT NULL,
    metadata             text          NOT NULL DEFAULT '{}',
    number               bigint        NOT NULL,
    retrieval_created_at timestamptz   NOT NULL,
    CONSTRAINT webhook_deliveries_pkey                     PRIMARY KEY (id),
    CONSTRAINT webhook_deliveries_kind_known               CHECK (kind IN ('retrieval', 'test')),
    CONSTRAINT webhook_deliveries_retrieval_id_set         CHECK ((retrieval_id IS NULL) = (kind = 'test')),
    CONSTRAINT webhook_deliveries_url_length               CHECK (char_length(url) <= 2048),
    CONSTRAINT webhook_deliveries_url_scheme               CHECK (url ~ '^https?://[^[:space:][:cntrl:]]+$'),
    CONSTRAINT webhook_deliveries_state_known              CHECK (state IN ('pending', 'delivered', 'dead')),
    CONSTRAINT webhook_deliveries_attempts_positive        CHECK (attempts >= 0),
    CONSTRAINT webhook_deliveries_attempts_uncounted_range CHECK (attempts_uncounted BETWEEN 0 AND attempts),
    CONSTRAINT webhook_deliveries_claimed_until_pending    CHECK (claimed_until IS NULL OR state = 'pending'),
    CONSTRAINT webhook_deliveries_last_attempt_at_set      CHECK (last_attempt_at IS NOT NULL OR state = 'pending'),
    CONSTRAINT webhook_deliveries_last_status_range        CHECK (last_status BETWEEN 100 AND 999),
    CONSTRAINT webhook_deliveries_last_error_length        CHECK (char_length(last_error) <= 200),
    CONSTRAINT webhook_deliveries_document_ids_length      CHECK (cardinality(document_ids) <= 10000),
    CONSTRAINT webhook_deliveries_status_known             CHECK (status IN ('success', 'failure', 'test')),
    CONSTRAINT webhook_deliveries_metadata_length          CHECK (octet_length(metadata) BETWEEN 2 AND 16384),
    CONSTRAINT webhook_deliveries_metadata_object          CHECK (left(metadata, 1) = '{' AND right(metadata, 1) = '}')
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- For claim: which apps have something to be sent, and the oldest of each; what of an app is under way.
CREATE INDEX webhook_deliveries_pending ON latchkey.webhook_deliveries (client_app_id, next_attempt_at)
    WHERE state = 'pending';
CREATE INDEX webhook_deliveries_claimed ON latchkey.webhook_deliveries (client_app_id)
    WHERE claimed_until IS NOT NULL;
-- For erase_user_data.
CREATE INDEX webhook_deliveries_user_id ON latchkey.webhook_deliveries (client_app_id, user_id);
-- For remove_deliveries.
CREATE INDEX webhook_deliveries_last_attempt_at ON latchkey.webhook_deliveries (last_attempt_at)
    WHERE state <> 'pending';

COMMENT ON TABLE  latchkey.webhook_deliveries                      IS
    'What is announced to a client app: the end of a retrieval, or a test. Written by finish_retrieval and '
    'create_test_delivery, sent by latchkey-webhooks, removed by remove_deliveries and erase_user_data';
COMMENT ON COLUMN latchkey.webhook_deliveries.id                   IS
    'UUID version 7; the header webhook-id is msg_ and this, at each attempt';
COMMENT ON COLUMN latchkey.webhook_deliveries.client_app_id        IS 'To whom';
COMMENT ON COLUMN latchkey.webhook_deliveries.user_id              IS 'Of which user; nil UUID: a test';
COMMENT ON COLUMN latchkey.webhook_deliveries.mode                 IS 'The mode of the user; sandbox for a test';
COMMENT ON COLUMN latchkey.webhook_deliveries.retrieval_id         IS 'Of which retrieval; NULL: a test';
COMMENT ON COLUMN latchkey.webhook_deliveries.kind                 IS 'retrieval or test';
COMMENT ON COLUMN latchkey.webhook_deliveries.url                  IS
    'Where to, http or https; NULL: the client app''s own URL at the time of sending';
COMMENT ON COLUMN latchkey.webhook_deliveries.state                IS
    'pending: to be sent; delivered; dead: given up, or refused for good by the receiver';
COMMENT ON COLUMN latchkey.webhook_deliveries.attempts             IS
    'How many attempts have ever begun; the number of the latest, which no other attempt at it has or will have';
COMMENT ON COLUMN latchkey.webhook_deliveries.attempts_uncounted   IS
    'How many of them the schedule leaves out: those before it was queued last, and those that did not take place';
COMMENT ON COLUMN latchkey.webhook_deliveries.next_attempt_at      IS 'From when the next attempt is due';
COMMENT ON COLUMN latchkey.webhook_deliveries.claimed_until        IS
    'Until when an attempt that has begun keeps others from it; NULL: none is under way';
COMMENT ON COLUMN latchkey.webhook_deliveries.created_at           IS 'When it was queued first';
COMMENT ON COLUMN latchkey.webhook_deliveries.queued_at            IS
    'When it was queued last, by replay_delivery perhaps: three days later it is given up';
COMMENT ON COLUMN latchkey.webhook_deliveries.last_attempt_at      IS 'When the latest attempt began; NULL: none has';
COMMENT ON COLUMN latchkey.webhook_deliveries.last_status          IS
    'HTTP status of the latest answer; NULL: none came';
COMMENT ON COLUMN latchkey.webhook_deliveries.last_error           IS
    'Why the latest attempt failed, at most 200 characters, without anything of what was sent; NULL: it did not';
COMMENT ON COLUMN latchkey.webhook_deliveries.document_ids         IS
    'The documents that the retrieval published; those that still are there are announced';
COMMENT ON COLUMN latchkey.webhook_deliveries.status               IS 'What is announced: success, failure or test';
COMMENT ON COLUMN latchkey.webhook_deliveries.metadata             IS
    'The retrieval''s metadata, a JSON object as the collector wrote it';
COMMENT ON COLUMN latchkey.webhook_deliveries.number               IS 'The retrieval''s number; 0: a test';
COMMENT ON COLUMN latchkey.webhook_deliveries.retrieval_created_at IS
    'When the retrieval was begun, or the test asked for';

-- Updates touch no index, so they are heap-only while there is room on the page.
CREATE TABLE latchkey.webhook_endpoints (
    client_app_id        uuid        NOT NULL,
    consecutive_failures integer     NOT NULL DEFAULT 0,
    paused_until         timestamptz,
    claimed_at           timestamptz,
    CONSTRAINT webhook_endpoints_pkey                          PRIMARY KEY (client_app_id),
    CONSTRAINT webhook_endpoints_consecutive_failures_positive CHECK (consecutive_failures >= 0)
) WITH (fillfactor = 50);

COMMENT ON TABLE  latchkey.webhook_endpoints                      IS
    'How the receiver of a client app fares, over all its deliveries. Written by claim and settle';
COMMENT ON COLUMN latchkey.webhook_endpoints.client_app_id        IS 'Whose receiver it is';
COMMENT ON COLUMN latchkey.webhook_endpoints.consecutive_failures IS
    'Attempts that failed since one succeeded; above 0 there is one attempt at a time';
COMMENT ON COLUMN latchkey.webhook_endpoints.paused_until         IS 'Until when nothing is sent; NULL: no pause';
COMMENT ON COLUMN latchkey.webhook_endpoints.claimed_at           IS
    'When its deliveries were claimed last: where there are more apps than attempts, they take turns by it';

COMMIT;
