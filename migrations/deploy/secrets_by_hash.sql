-- Deploy latchkey:secrets_by_hash to pg
-- requires: secrets
--
-- For initialize_token, to which a secret comes without its API key. Its table is in use, so the index is made beside
-- all that reads and writes it: outside of a transaction, waiting as long as it takes. A first try that was interrupted
-- leaves an index that is not valid, which goes first.

SET lock_timeout = 0;
SET statement_timeout = 0;
SET client_min_messages = warning;
SET ROLE latchkey_owner;

DROP INDEX CONCURRENTLY IF EXISTS latchkey.secrets_secret_hash;

CREATE INDEX CONCURRENTLY IF NOT EXISTS secrets_secret_hash ON latchkey.secrets (secret_hash);
