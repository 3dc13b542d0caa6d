-- Revert latchkey:prior_year from pg

BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL ROLE latchkey_owner;

DROP FUNCTION latchkey_api.prior_year(uuid, uuid, integer, integer, integer, text, text, integer, integer, text, text);
DROP FUNCTION latchkey_api.document_content(uuid, uuid, uuid, text);

COMMIT;
