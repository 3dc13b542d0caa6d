-- Revert latchkey:grants from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

-- The first to go when all is reverted: it takes the service down, so it is refused while there is a service.
DO $$
BEGIN
    IF EXISTS (SELECT FROM latchkey.client_apps)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.client_apps holds rows: without these grants no app gets a token'
            USING HINT = 'If that is meant, revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA latchkey_api, latchkey_admin FROM latchkey_application, latchkey_administrator;
REVOKE ALL ON ALL TABLES IN SCHEMA latchkey FROM latchkey_reader, latchkey_auditor;
REVOKE ALL ON SCHEMA latchkey, latchkey_api, latchkey_admin
    FROM latchkey_application, latchkey_administrator, latchkey_reader, latchkey_auditor;

COMMIT;
