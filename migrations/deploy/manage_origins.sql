-- Deploy latchkey:manage_origins to pg
-- requires: client_app_origins
-- requires: record_act

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';
SET LOCAL ROLE latchkey_owner;

CREATE FUNCTION latchkey_admin.add_origin(p_actor text, p_client_app_id uuid, p_origin text)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c_most CONSTANT integer := 20;  -- all of them stand in a header of the modal's page
BEGIN
    -- One after the other, so that each counts those before it.
    PERFORM FROM latchkey.client_apps AS a WHERE a.id = p_client_app_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown_app';
    ELSIF EXISTS (SELECT
                    FROM latchkey.client_app_origins AS o
                   WHERE o.client_app_id = p_client_app_id
                     AND o.origin = p_origin) THEN
        RETURN 'already';
    ELSIF (SELECT count(*) FROM latchkey.client_app_origins AS o WHERE o.client_app_id = p_client_app_id) >= c_most THEN
        RETURN 'too_many';
    END IF;

    INSERT INTO latchkey.client_app_origins (client_app_id, origin)
    VALUES (p_client_app_id, p_origin);

    PERFORM latchkey_admin.record_act(
        p_actor, 'origin.add', 'client_app:' || p_client_app_id, jsonb_build_object('origin', p_origin));
    RETURN 'ok';
END
$$;

COMMENT ON FUNCTION latchkey_admin.add_origin IS
    'Lets pages of an origin show the link modal for an app: ok, already, unknown_app, too_many';

CREATE FUNCTION latchkey_admin.remove_origin(p_actor text, p_client_app_id uuid, p_origin text)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM latchkey.client_app_origins AS o
     WHERE o.client_app_id = p_client_app_id
       AND o.origin = p_origin;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM latchkey_admin.record_act(
        p_actor, 'origin.remove', 'client_app:' || p_client_app_id, jsonb_build_object('origin', p_origin));
    RETURN true;
END
$$;

COMMENT ON FUNCTION latchkey_admin.remove_origin IS
    'Takes an origin from an app; modals that are open stay so; false: the app does not have it';

COMMIT;
