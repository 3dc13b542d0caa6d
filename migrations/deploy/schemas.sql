-- Deploy latchkey:schemas to pg
-- requires: database

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

-- By default everybody may execute a new function. Here each function is granted by name.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA latchkey;
CREATE SCHEMA latchkey_api;
CREATE SCHEMA latchkey_admin;

COMMENT ON SCHEMA latchkey       IS 'Tables and the functions that only their owner calls';
COMMENT ON SCHEMA latchkey_api   IS 'What latchkeyd may call, and all that it may do';
COMMENT ON SCHEMA latchkey_admin IS
    'What the administrator''s command may call; every act leaves a row in latchkey.audit_log';

CREATE TYPE latchkey.mode AS ENUM ('production', 'sandbox');
COMMENT ON TYPE latchkey.mode IS
    'Which base URL was called. Users, idempotency keys and tokens of one mode do not exist in the other';

COMMIT;
