-- Revert latchkey:webhook_secrets from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DO $$
BEGIN
    IF EXISTS (SELECT FROM latchkey.webhook_secrets)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.webhook_secrets holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
END
$$;

DROP TABLE latchkey.webhook_secrets;

COMMIT;
