-- Revert latchkey:record_retrievals from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.finish_retrieval(bytea[], text, uuid, text, text, uuid);
DROP FUNCTION latchkey_api.is_content_referenced(bytea);
DROP FUNCTION latchkey_api.record_file(bytea[], text, uuid, uuid, text, text, bigint, bytea, integer, bigint);
DROP FUNCTION latchkey_api.authorize_upload(bytea[], text, uuid, text, bigint, integer, bigint);
DROP FUNCTION latchkey.check_upload(bytea[], text, uuid, text, bigint, integer, bigint, boolean);
DROP FUNCTION latchkey_api.begin_retrieval(bytea[], text, uuid, uuid, uuid, text, integer, text, uuid, uuid);
DROP FUNCTION latchkey.authenticate_collector(bytea[]);

COMMIT;
