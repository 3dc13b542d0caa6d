-- Revert latchkey:retrievals from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DO $$
BEGIN
    IF EXISTS (SELECT FROM latchkey.retrievals)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.retrievals holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
    IF EXISTS (SELECT FROM latchkey.retrieval_files)
       AND current_setting('latchkey.discard_data', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'latchkey.retrieval_files holds rows, which this revert would drop'
            USING HINT = 'Take a backup, then revert with PGOPTIONS=''-c latchkey.discard_data=on''.';
    END IF;
END
$$;

DROP TABLE latchkey.retrieval_files;
DROP TABLE latchkey.retrievals;

COMMIT;
