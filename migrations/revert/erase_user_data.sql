-- Revert latchkey:erase_user_data from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

-- As latchkey:revoke_and_erase made it.
CREATE OR REPLACE FUNCTION latchkey_admin.erase_user(p_actor text, p_client_app_id uuid, p_user_id uuid)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE latchkey.users AS u
       SET erased_at = now(), last_seen_on = NULL, request_id = NULL
     WHERE u.client_app_id = p_client_app_id
       AND u.id = p_user_id
       AND u.erased_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM latchkey_admin.record_act(
        p_actor, 'user.erase', 'user:' || p_client_app_id || '/' || p_user_id, NULL);
    PERFORM latchkey.bump_verifier_version();
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.erase_user IS
    'Leaves a tombstone of a user, whose tokens fail at once; false: there is no such user, or it is erased already';

DROP FUNCTION latchkey_admin.erase_user_data(text, uuid, uuid);
DROP FUNCTION latchkey_admin.unreferenced_contents(bytea[]);

COMMIT;
