-- Revert latchkey:documents from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DO $$
BEGIN
    IF EXISTS (SELECT FROM latchkey.documents)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.documents holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
    IF EXISTS (SELECT FROM latchkey.platform_links)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.platform_links holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
END
$$;

DROP TABLE latchkey.platform_links;
DROP TABLE latchkey.documents;

COMMIT;
