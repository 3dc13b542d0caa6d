-- Revert latchkey:secrets_by_hash from pg

SET lock_timeout = 0;
SET statement_timeout = 0;
SET client_min_messages = warning;
SET ROLE latchkey_owner;

DROP INDEX CONCURRENTLY IF EXISTS latchkey.secrets_secret_hash;
