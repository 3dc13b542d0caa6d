-- Revert latchkey:webhook_deliveries from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DO $$
BEGIN
    IF EXISTS (SELECT FROM latchkey.webhook_deliveries)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.webhook_deliveries holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
    IF EXISTS (SELECT FROM latchkey.webhook_endpoints)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.webhook_endpoints holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
END
$$;

DROP TABLE latchkey.webhook_endpoints;
DROP TABLE latchkey.webhook_deliveries;

COMMIT;
