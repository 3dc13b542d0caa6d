-- Who may do what: the rights as listed in the catalogue, whole, and a few of them tried.
\ir setup.psql

SELECT plan(76);

-- Every right on anything of ours that is not the owner's.
SELECT set_eq($$
    WITH rights (kind, name, acl) AS (
        SELECT 'schema', n.nspname::text, n.nspacl
          FROM pg_namespace AS n WHERE n.nspname LIKE 'latchkey%'
        UNION ALL
        SELECT 'table', c.oid::regclass::text, c.relacl
          FROM pg_class AS c WHERE c.relnamespace::regnamespace::text LIKE 'latchkey%' AND c.relkind NOT IN ('i', 'I')
        UNION ALL
        SELECT 'column', a.attrelid::regclass || '.' || a.attname, a.attacl
          FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
         WHERE c.relnamespace::regnamespace::text LIKE 'latchkey%'
        UNION ALL
        SELECT 'function', split_part(p.oid::regprocedure::text, '(', 1), p.proacl
          FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text LIKE 'latchkey%'
    )
    SELECT grantee::regrole::text, privilege_type::text, kind || ' ' || name
      FROM rights CROSS JOIN aclexplode(acl)
     WHERE grantee <> 'latchkey_owner'::regrole
$$, $$ VALUES
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.abandon_retrievals'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.add_origin'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.add_webhook_secret'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.create_client_app'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.create_collector'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.create_platform'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.create_test_delivery'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.drop_audit_partitions'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.erase_user'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.erase_user_data'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.record_act'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.regenerate_secret'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.remove_deliveries'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.remove_expired'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.remove_origin'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.remove_retrievals'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.replay_delivery'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.revoke_token'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.set_client_app_active'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.set_collector_active'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.set_platform_active'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.set_webhook_url'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_admin.unreferenced_contents'),
    ('latchkey_administrator', 'EXECUTE', 'function latchkey_api.schema_version'),
    ('latchkey_administrator', 'USAGE',   'schema latchkey_admin'),
    ('latchkey_administrator', 'USAGE',   'schema latchkey_api'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.authorize_upload'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.begin_link_attempt'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.begin_retrieval'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.changed_link_attempts'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.document_content'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.finish_retrieval'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.initialize_token'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.is_content_referenced'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.link_page'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.link_platforms'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.open_link'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.prior_year'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.read_link_attempt'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.record_file'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.schema_version'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.token_context'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.verifier_snapshot'),
    ('latchkey_application',   'EXECUTE', 'function latchkey_api.verifier_version'),
    ('latchkey_application',   'USAGE',   'schema latchkey_api'),
    ('latchkey_auditor',       'USAGE',   'schema latchkey'),
    ('latchkey_auditor',       'SELECT',  'table latchkey.audit_log'),
    ('latchkey_reader',        'SELECT',  'column latchkey.collectors.active'),
    ('latchkey_reader',        'SELECT',  'column latchkey.collectors.created_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.collectors.disabled_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.collectors.hint'),
    ('latchkey_reader',        'SELECT',  'column latchkey.collectors.id'),
    ('latchkey_reader',        'SELECT',  'column latchkey.collectors.name'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.client_app_id'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.created_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.expires_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.id'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.metadata'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.mode'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.number'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.opened_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.origin'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.session_expires_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.user_id'),
    ('latchkey_reader',        'SELECT',  'column latchkey.link_tokens.webhook_url'),
    ('latchkey_reader',        'SELECT',  'column latchkey.secrets.api_key'),
    ('latchkey_reader',        'SELECT',  'column latchkey.secrets.created_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.secrets.expires_at'),
    ('latchkey_reader',        'SELECT',  'column latchkey.secrets.hint'),
    ('latchkey_reader',        'SELECT',  'column latchkey.secrets.id'),
    ('latchkey_reader',        'USAGE',   'schema latchkey'),
    ('latchkey_reader',        'SELECT',  'table latchkey.client_app_origins'),
    ('latchkey_reader',        'SELECT',  'table latchkey.client_apps'),
    ('latchkey_reader',        'SELECT',  'table latchkey.credentials'),
    ('latchkey_reader',        'SELECT',  'table latchkey.documents'),
    ('latchkey_reader',        'SELECT',  'table latchkey.idempotency_keys'),
    ('latchkey_reader',        'SELECT',  'table latchkey.link_attempts'),
    ('latchkey_reader',        'SELECT',  'table latchkey.platform_links'),
    ('latchkey_reader',        'SELECT',  'table latchkey.platforms'),
    ('latchkey_reader',        'SELECT',  'table latchkey.retrieval_files'),
    ('latchkey_reader',        'SELECT',  'table latchkey.retrievals'),
    ('latchkey_reader',        'SELECT',  'table latchkey.revoked_tokens'),
    ('latchkey_reader',        'SELECT',  'table latchkey.users'),
    ('latchkey_reader',        'SELECT',  'table latchkey.verifier_version'),
    ('latchkey_reader',        'SELECT',  'table latchkey.webhook_deliveries'),
    ('latchkey_reader',        'SELECT',  'table latchkey.webhook_endpoints'),
    ('latchkey_reader',        'SELECT',  'table latchkey.webhook_secrets'),
    ('latchkey_webhooks',      'EXECUTE', 'function latchkey_api.schema_version'),
    ('latchkey_webhooks',      'EXECUTE', 'function latchkey_delivery.claim'),
    ('latchkey_webhooks',      'EXECUTE', 'function latchkey_delivery.read'),
    ('latchkey_webhooks',      'EXECUTE', 'function latchkey_delivery.release'),
    ('latchkey_webhooks',      'EXECUTE', 'function latchkey_delivery.settle'),
    ('latchkey_webhooks',      'USAGE',   'schema latchkey_api'),
    ('latchkey_webhooks',      'USAGE',   'schema latchkey_delivery')
$$, 'The rights are these and no others');

SELECT is_member_of('latchkey_owner', ARRAY['latchkey_migrator'], 'The migrator is a member of the owner');
SELECT is_member_of('latchkey_reader', ARRAY['latchkey_administrator'], 'The administrator is a reader');
SELECT is_member_of('latchkey_auditor', ARRAY['latchkey_administrator'], 'and an auditor');
SELECT ok(NOT EXISTS (SELECT FROM pg_auth_members WHERE member = r::regrole), r || ' is a member of nothing')
  FROM unnest(ARRAY['latchkey_application', 'latchkey_webhooks']) AS r;
SELECT ok(NOT pg_has_role('latchkey_administrator', 'latchkey_owner', 'MEMBER'), 'The administrator is not the owner');

-- Time-outs and the like, in this database.
SELECT set_eq($$
    SELECT setrole::regrole::text, unnest(setconfig)
      FROM pg_db_role_setting
     WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
$$, $$ VALUES
    ('latchkey_application',   'statement_timeout=1500ms'),
    ('latchkey_application',   'lock_timeout=1s'),
    ('latchkey_application',   'idle_in_transaction_session_timeout=5s'),
    ('latchkey_application',   'default_transaction_isolation=read committed'),
    ('latchkey_application',   'search_path=pg_catalog'),
    ('latchkey_application',   'enable_seqscan=off'),
    ('latchkey_application',   'jit=off'),
    ('latchkey_administrator', 'statement_timeout=30s'),
    ('latchkey_administrator', 'lock_timeout=5s'),
    ('latchkey_administrator', 'idle_in_transaction_session_timeout=60s'),
    ('latchkey_administrator', 'default_transaction_isolation=read committed'),
    ('latchkey_administrator', 'search_path=pg_catalog'),
    ('latchkey_migrator',      'statement_timeout=0'),
    ('latchkey_migrator',      'lock_timeout=2s'),
    ('latchkey_migrator',      'idle_in_transaction_session_timeout=6h'),
    ('latchkey_webhooks',      'statement_timeout=5s'),
    ('latchkey_webhooks',      'lock_timeout=2s'),
    ('latchkey_webhooks',      'idle_in_transaction_session_timeout=5s'),
    ('latchkey_webhooks',      'default_transaction_isolation=read committed'),
    ('latchkey_webhooks',      'search_path=pg_catalog'),
    ('latchkey_webhooks',      'enable_seqscan=off'),
    ('latchkey_webhooks',      'jit=off')
$$, 'The settings of the roles are these and no others');

-- The application.
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT * FROM latchkey_api.schema_version()'), 'ok',
          'The application reads the schema''s version');
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT latchkey_api.verifier_version()'), 'ok',
          'and the verifier''s version');
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT latchkey_api.verifier_snapshot()'), 'ok',
          'and the verifier''s snapshot');
SELECT is(pg_temp.attempt('latchkey_application', 'LISTEN latchkey_verifier'), 'ok', 'and listens');
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT FROM latchkey.' || t), '42501',
          'The application cannot read ' || t)
  FROM unnest(ARRAY['client_apps', 'secrets', 'users', 'idempotency_keys', 'revoked_tokens', 'verifier_version',
                    'audit_log', 'audit_log_default', 'platforms', 'collectors', 'retrievals', 'retrieval_files',
                    'documents', 'platform_links', 'webhook_deliveries', 'webhook_endpoints', 'webhook_secrets',
                    'client_app_origins', 'link_tokens', 'link_attempts']) AS t;
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT latchkey.bump_verifier_version()'), '42501',
          'The application cannot call the owner''s functions');
SELECT is(pg_temp.attempt('latchkey_application',
                          'SELECT latchkey_admin.record_act(''a'', ''b'', ''c'', NULL)'), '42501',
          'nor the administrator''s');
SELECT is(pg_temp.attempt('latchkey_application', 'CREATE TEMPORARY TABLE t ()'), '42501',
          'nor make a temporary table');
SELECT is(pg_temp.attempt('latchkey_application', 'CREATE TABLE public.t ()'), '42501', 'nor a table');
SELECT is(pg_temp.attempt('latchkey_application', 'CREATE SCHEMA s'), '42501', 'nor a schema');

-- The webhook sender.
SELECT is(pg_temp.attempt('latchkey_webhooks', 'SELECT * FROM latchkey_api.schema_version()'), 'ok',
          'The webhook sender reads the schema''s version');
SELECT is(pg_temp.attempt('latchkey_webhooks', 'SELECT latchkey_delivery.claim(NULL, NULL, NULL, NULL)'), 'ok',
          'claims deliveries');
SELECT is(pg_temp.attempt('latchkey_webhooks', 'SELECT latchkey_delivery.read(NULL, NULL)'), 'ok',
          'and reads what it has claimed');
SELECT is(pg_temp.attempt('latchkey_webhooks', 'SELECT FROM latchkey.' || t), '42501',
          'The webhook sender cannot read ' || t)
  FROM unnest(ARRAY['client_apps', 'users', 'documents', 'webhook_deliveries', 'webhook_secrets', 'audit_log']) AS t;
SELECT is(pg_temp.attempt('latchkey_webhooks', 'SELECT latchkey_api.is_content_referenced(NULL)'), '42501',
          'nor call what is latchkeyd''s');
SELECT is(pg_temp.attempt('latchkey_webhooks', 'SELECT latchkey_admin.remove_expired(1)'), '42501',
          'nor what is the administrator''s');
SELECT is(pg_temp.attempt('latchkey_webhooks', 'CREATE TEMPORARY TABLE t ()'), '42501', 'nor make a temporary table');
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT latchkey_delivery.claim(NULL, NULL, NULL, NULL)'), '42501',
          'The application does not claim deliveries');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT latchkey_delivery.claim(NULL, NULL, NULL, NULL)'), '42501',
          'nor does the administrator');
SELECT is(pg_temp.attempt(r, 'SELECT latchkey_delivery.read(NULL, NULL)'), '42501', r || ' does not read them so')
  FROM unnest(ARRAY['latchkey_application', 'latchkey_administrator']) AS r;

-- The reader and the auditor.
SELECT is(pg_temp.attempt('latchkey_reader', 'SELECT id, hint FROM latchkey.collectors'), 'ok',
          'The reader sees collectors');
SELECT is(pg_temp.attempt(r, 'SELECT key_hash FROM latchkey.collectors'), '42501', r || ' sees no key hash')
  FROM unnest(ARRAY['latchkey_reader', 'latchkey_administrator', 'latchkey_application', 'latchkey_webhooks']) AS r;
SELECT is(pg_temp.attempt('latchkey_reader', 'SELECT id, metadata FROM latchkey.link_tokens'), 'ok',
          'The reader sees tokens');
SELECT is(pg_temp.attempt(r, 'SELECT session_hash FROM latchkey.link_tokens'), '42501', r || ' sees no session''s hash')
  FROM unnest(ARRAY['latchkey_reader', 'latchkey_administrator', 'latchkey_application', 'latchkey_webhooks']) AS r;
SELECT is(pg_temp.attempt('latchkey_reader', 'SELECT id, hint FROM latchkey.secrets'), 'ok', 'The reader sees hints');
SELECT is(pg_temp.attempt('latchkey_reader', 'SELECT secret_hash FROM latchkey.secrets'), '42501',
          'but no secret hash');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT secret_hash FROM latchkey.secrets'), '42501',
          'nor does the administrator');
SELECT is(pg_temp.attempt('latchkey_reader', 'SELECT FROM latchkey.audit_log'), '42501',
          'The reader does not see the audit log');
SELECT is(pg_temp.attempt('latchkey_auditor', 'SELECT FROM latchkey.audit_log'), 'ok', 'The auditor does');
SELECT is(pg_temp.attempt('latchkey_auditor', 'SELECT FROM latchkey.users'), '42501', 'and nothing else');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT FROM latchkey.audit_log'), 'ok',
          'The administrator sees the audit log');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT FROM latchkey.users'), 'ok', 'and the tables');
SELECT is(pg_temp.attempt('latchkey_administrator', 'SELECT * FROM latchkey_api.schema_version()'), 'ok',
          'and the schema''s version');
SELECT is(pg_temp.attempt('latchkey_administrator',
                          'SELECT latchkey_api.token_context(NULL, NULL, NULL, NULL, NULL, NULL, NULL)'), '42501',
          'but makes no users');
SELECT is(pg_temp.attempt('latchkey_administrator', 'UPDATE latchkey.client_apps SET name = ''x'''), '42501',
          'and writes no table');

-- Functions that are made later.
SET LOCAL ROLE latchkey_migrator;
SET LOCAL ROLE latchkey_owner;
CREATE FUNCTION latchkey_api.made_later() RETURNS integer LANGUAGE sql AS 'SELECT 1';
RESET ROLE;
SELECT ok(NOT has_function_privilege('public', 'latchkey_api.made_later()', 'EXECUTE'),
          'A function made later is nobody''s until it is granted');
SELECT is(pg_temp.attempt('latchkey_application', 'SELECT latchkey_api.made_later()'), '42501',
          'not even the application''s');

SELECT * FROM finish();
ROLLBACK;
