-- Revert latchkey:grants from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA latchkey_api, latchkey_admin FROM latchkey_application, latchkey_administrator;
REVOKE ALL ON ALL TABLES IN SCHEMA latchkey FROM latchkey_reader, latchkey_auditor;
REVOKE ALL ON SCHEMA latchkey, latchkey_api, latchkey_admin
    FROM latchkey_application, latchkey_administrator, latchkey_reader, latchkey_auditor;

COMMIT;
