-- Deploy latchkey:delivery_schema to pg
-- requires: schemas
-- requires: webhooks_role

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE SCHEMA latchkey_delivery;

COMMENT ON SCHEMA latchkey_delivery IS 'What latchkey-webhooks may call, and all that it may do';

COMMIT;
