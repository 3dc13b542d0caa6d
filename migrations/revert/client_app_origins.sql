-- Revert latchkey:client_app_origins from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DO $$
BEGIN
    IF EXISTS (SELECT FROM latchkey.client_app_origins)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.client_app_origins holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
END
$$;

DROP TABLE latchkey.client_app_origins;

COMMIT;
