-- What a returning user is answered: prior_year, its order, positions and bounds; document_content.
\ir setup.psql

SELECT plan(56);

SELECT pg_temp.make_app(n) FROM generate_series(1, 2) AS n;
SELECT count(pg_temp.token(mode => 'sandbox', new_user_id => n)) FROM unnest(ARRAY[101, 102]) AS n;
SELECT count(pg_temp.token(mode => 'sandbox', new_user_id => 101, api_key => 12, secret => 'secret 2'));

CREATE FUNCTION pg_temp.this_year(p_less integer DEFAULT 0)
RETURNS integer
LANGUAGE sql
AS $$
    SELECT extract(year FROM now() AT TIME ZONE 'UTC')::integer - p_less
$$;

CREATE FUNCTION pg_temp.document(p_tax_year integer, p_file_name text, p_platform text, p_id integer,
                                 p_user integer DEFAULT 101, p_app integer DEFAULT 1)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO latchkey.documents (client_app_id, user_id, id, tax_year, file_name, platform, content_type, size,
                                    sha256, retrieval_id)
    VALUES (pg_temp.id(p_app), pg_temp.id(p_user), pg_temp.id(p_id), p_tax_year, p_file_name, p_platform, 'a/b', p_id,
            sha256(convert_to(p_id::text, 'UTF8')), pg_temp.id(1))
$$;

CREATE FUNCTION pg_temp.link(p_tax_year integer, p_platform text, p_name text, p_user integer DEFAULT 101,
                             p_app integer DEFAULT 1)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO latchkey.platform_links (client_app_id, user_id, platform, tax_year, platform_name, last_used_at,
                                         document_count)
    VALUES (pg_temp.id(p_app), pg_temp.id(p_user), p_platform, p_tax_year, p_name, now(), 7)
$$;

-- A page as text, a word for each row: its years are those before this one.
CREATE FUNCTION pg_temp.page(
    tax_year          integer DEFAULT NULL,
    platform_limit    integer DEFAULT 200,
    platform_year     integer DEFAULT NULL,
    platform_name     text    DEFAULT NULL,
    platform_id       text    DEFAULT NULL,
    document_limit    integer DEFAULT 200,
    document_year     integer DEFAULT NULL,
    document_name     text    DEFAULT NULL,
    document_platform text    DEFAULT NULL,
    user_id           integer DEFAULT 101,
    app               integer DEFAULT 1
)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_application;
    SELECT string_agg(format(CASE p.kind WHEN 'platform' THEN '%s:%s:%s' ELSE '%s/%s/%s' END,
                             pg_temp.this_year(p.tax_year), p.name, p.platform), ' ')
      INTO v_answer
      FROM latchkey_api.prior_year(pg_temp.id(app), pg_temp.id(user_id), tax_year, platform_limit, platform_year,
                                   platform_name, platform_id, document_limit, document_year, document_name,
                                   document_platform) AS p;
    RESET ROLE;
    RETURN v_answer;
END
$$;

SELECT is(pg_temp.page(), NULL, 'A user without anything has nothing');

SELECT pg_temp.document(pg_temp.this_year(1), 'b', 'x', 1), pg_temp.document(pg_temp.this_year(1), 'a', 'y', 2),
       pg_temp.document(pg_temp.this_year(1), 'a', 'x', 3), pg_temp.document(pg_temp.this_year(1), 'B', 'x', 4),
       pg_temp.document(pg_temp.this_year(1), 'ä', 'x', 5), pg_temp.document(pg_temp.this_year(1), 'a b', 'x', 6),
       pg_temp.document(pg_temp.this_year(3), 'a', 'x', 7), pg_temp.document(pg_temp.this_year(2), 'c', 'x', 8),
       pg_temp.document(pg_temp.this_year(0), 'now', 'x', 9), pg_temp.document(pg_temp.this_year(-1), 'next', 'x', 10);
SELECT pg_temp.link(pg_temp.this_year(1), 'x', 'b'), pg_temp.link(pg_temp.this_year(1), 'y', 'B'),
       pg_temp.link(pg_temp.this_year(1), 'z', 'B'), pg_temp.link(pg_temp.this_year(3), 'x', 'a'),
       pg_temp.link(pg_temp.this_year(2), 'x', 'ä'), pg_temp.link(pg_temp.this_year(0), 'x', 'now');
-- Others' rows, which must not be seen.
SELECT pg_temp.document(pg_temp.this_year(1), 'a', 'x', 1, p_user => 102),
       pg_temp.document(pg_temp.this_year(1), 'a', 'x', 1, p_app => 2),
       pg_temp.link(pg_temp.this_year(1), 'x', 'other', p_user => 102),
       pg_temp.link(pg_temp.this_year(1), 'x', 'other', p_app => 2);

-- Order and years.
SELECT is(pg_temp.page(), '1:B:y 1:B:z 1:b:x 2:ä:x 3:a:x 1/B/x 1/a/x 1/a/y 1/a b/x 1/b/x 1/ä/x 2/c/x 3/a/x',
          'Prior years, the newest first, then by name in byte order, then by platform');
SELECT is(pg_temp.page(pg_temp.this_year(0)), '0:now:x 0/now/x', 'The current year when it is asked for');
SELECT is(pg_temp.page(pg_temp.this_year(1)), '1:B:y 1:B:z 1:b:x 1/B/x 1/a/x 1/a/y 1/a b/x 1/b/x 1/ä/x', 'One year');
SELECT is(pg_temp.page(pg_temp.this_year(-1)), '-1/next/x', 'even a later one');
SELECT is(pg_temp.page(pg_temp.this_year(4)), NULL, 'A year without anything');
SELECT is(pg_temp.page(y), NULL, format('Year %s has nothing and raises nothing', y))
  FROM unnest(ARRAY[0, -1, 10000, 32768, 2147483647, -2147483648]) AS y;
SELECT is(pg_temp.page(user_id => 102), '1:other:x 1/a/x', 'Another user sees their own');
SELECT is(pg_temp.page(app => 2), '1:other:x 1/a/x', 'The same id in another app is another user');
SELECT is(pg_temp.page(user_id => NULL), NULL, 'No user has nothing');
SELECT is(pg_temp.page(app => NULL), NULL, 'nor has no app');

-- Columns.
SELECT results_eq(
    $$ SELECT kind, last_used_at = now(), document_count, document_id, content_type, size
         FROM latchkey_api.prior_year(pg_temp.id(1), pg_temp.id(101), pg_temp.this_year(0), 9, NULL, NULL, NULL, 9,
                                      NULL, NULL, NULL) $$,
    $$ VALUES ('platform', true, 7, NULL::uuid, NULL::text, NULL::bigint),
              ('document', NULL, NULL, pg_temp.id(9), 'a/b', 9) $$,
    'A platform has when it was used and a count, a document its id, type and size');

-- Limits.
SELECT is(pg_temp.page(platform_limit => 2, document_limit => 3), '1:B:y 1:B:z 1/B/x 1/a/x 1/a/y', 'At most so many');
SELECT is(pg_temp.page(platform_limit => 0, document_limit => 1), '1/B/x', 'No platforms');
SELECT is(pg_temp.page(platform_limit => 1, document_limit => 0), '1:B:y', 'No documents');
SELECT is(pg_temp.page(platform_limit => n, document_limit => n), NULL, format('Limits of %s: nothing', n))
  FROM unnest(ARRAY[NULL, 0, -1, -2147483648]) AS n;

-- Positions.
SELECT is(pg_temp.page(platform_limit => 0, document_year => pg_temp.this_year(1), document_name => 'a',
                       document_platform => 'x'),
          '1/a/y 1/a b/x 1/b/x 1/ä/x 2/c/x 3/a/x', 'Strictly behind a document');
SELECT is(pg_temp.page(platform_limit => 0, document_year => pg_temp.this_year(1), document_name => 'a',
                       document_platform => 'xx'),
          '1/a/y 1/a b/x 1/b/x 1/ä/x 2/c/x 3/a/x', 'which need not be there');
SELECT is(pg_temp.page(document_limit => 0, platform_year => pg_temp.this_year(1), platform_name => 'B',
                       platform_id => 'y'), '1:B:z 1:b:x 2:ä:x 3:a:x', 'Strictly behind a platform');
SELECT is(pg_temp.page(platform_year => pg_temp.this_year(3), platform_name => 'a', platform_id => 'x',
                       document_year => pg_temp.this_year(3), document_name => 'a', document_platform => 'x'),
          NULL, 'Behind the last of both: nothing');
SELECT is(pg_temp.page(pg_temp.this_year(1), 0, document_year => pg_temp.this_year(1), document_name => 'b',
                       document_platform => 'x'), '1/ä/x', 'With one year, the others do not follow');
SELECT is(pg_temp.page(pg_temp.this_year(2), 0, document_year => pg_temp.this_year(1), document_name => 'z',
                       document_platform => 'z'), '2/c/x', 'A position before that year is its beginning');
SELECT is(pg_temp.page(pg_temp.this_year(2), 0, document_year => pg_temp.this_year(3), document_name => '',
                       document_platform => ''), NULL, 'One after it is its end');
SELECT is(pg_temp.page(platform_limit => 0, document_limit => 1, document_year => pg_temp.this_year(-1),
                       document_name => 'z', document_platform => 'z'),
          '1/B/x', 'No position leads to years that are not asked for');
SELECT is(pg_temp.page(platform_limit => 0, document_limit => 1, document_year => pg_temp.this_year(1)), '1/B/x',
          'A position without names is the beginning of its year');
SELECT is(pg_temp.page(platform_limit => 0, document_limit => 1, document_year => y,
                       document_name => repeat('n', 100000), document_platform => E'\u0001'),
          expected, format('Position of year %s', y))
  FROM (VALUES (2147483647, '1/B/x'), (10000, '1/B/x'), (0, NULL), (-1, NULL), (-2147483648, NULL))
    AS position (y, expected);

-- A long history: pages of any size from any position give all rows, each once, in order.
SELECT count(pg_temp.document(pg_temp.this_year(1 + n % 7), format('%s %s', n % 11, n / 77), 'p' || n % 3, n, 105)),
       count(pg_temp.link(pg_temp.this_year(1 + n % 7), 'p' || n, 'name ' || n % 5, p_user => 105))
  FROM generate_series(1, 500) AS n;

CREATE FUNCTION pg_temp.pages(p_kind text, p_limit integer)
RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
    v_row  record;
    v_rows integer;
BEGIN
    SELECT NULL::integer AS tax_year, NULL::text AS name, NULL::text AS platform INTO v_row;
    LOOP
        v_rows := 0;
        FOR v_row IN
            -- the loop leaves the last row in v_row: the position of the next page
            SELECT p.tax_year, p.name, p.platform
              FROM latchkey_api.prior_year(
                       pg_temp.id(1), pg_temp.id(105), NULL,
                       CASE p_kind WHEN 'platform' THEN p_limit END, v_row.tax_year, v_row.name, v_row.platform,
                       CASE p_kind WHEN 'document' THEN p_limit END, v_row.tax_year, v_row.name, v_row.platform) AS p
        LOOP
            v_rows := v_rows + 1;
            RETURN NEXT format('%s/%s/%s', v_row.tax_year, v_row.name, v_row.platform);
        END LOOP;
        EXIT WHEN v_rows < p_limit;
    END LOOP;
END
$$;

SELECT is(ARRAY(SELECT pg_temp.pages('document', size)),
          ARRAY(SELECT format('%s/%s/%s', tax_year, file_name, platform) FROM latchkey.documents
                 WHERE user_id = pg_temp.id(105)
                 ORDER BY tax_year DESC, file_name COLLATE "C", platform COLLATE "C"),
          format('Pages of %s documents', size))
  FROM unnest(ARRAY[1, 7, 500]) AS size;
SELECT is(ARRAY(SELECT pg_temp.pages('platform', size)),
          ARRAY(SELECT format('%s/%s/%s', tax_year, platform_name, platform) FROM latchkey.platform_links
                 WHERE user_id = pg_temp.id(105)
                 ORDER BY tax_year DESC, platform_name COLLATE "C", platform COLLATE "C"),
          format('Pages of %s platforms', size))
  FROM unnest(ARRAY[1, 7, 500]) AS size;

-- document_content
CREATE FUNCTION pg_temp.content(p_id integer DEFAULT 1, p_user integer DEFAULT 101, p_app integer DEFAULT 1,
                                p_mode text DEFAULT 'sandbox')
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_answer text;
BEGIN
    SET LOCAL ROLE latchkey_application;
    SELECT concat_ws(' ', c.file_name, c.content_type, c.size, c.sha256 = sha256('1'))
      INTO v_answer
      FROM latchkey_api.document_content(pg_temp.id(p_app), pg_temp.id(p_user), pg_temp.id(p_id), p_mode) AS c;
    RESET ROLE;
    RETURN v_answer;
END
$$;

SELECT is(pg_temp.content(), 'b a/b 1 t', 'The content of a document');
SELECT is(pg_temp.content(99), NULL, 'None of one that is not there');
SELECT is(pg_temp.content(NULL), NULL, 'nor of none');
SELECT is(pg_temp.content(2, 102), NULL, 'nor for another user');
SELECT is(pg_temp.content(2, p_app => 2), NULL, 'nor for another app');
SELECT is(pg_temp.content(p_mode => m), NULL, format('nor in mode %s', COALESCE(m, 'NULL')))
  FROM unnest(ARRAY['production', 'Sandbox', '', NULL]) AS m;
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), false);
SELECT is(pg_temp.content(), NULL, 'nor for a disabled app');
SELECT latchkey_admin.set_client_app_active('tester', pg_temp.id(1), true);
SELECT is(pg_temp.content(), 'b a/b 1 t', 'but again once it is enabled');
UPDATE latchkey.users SET erased_at = now(), last_seen_on = NULL, request_id = NULL WHERE id = pg_temp.id(101);
SELECT is(pg_temp.content(), NULL, 'nor for an erased user');

SELECT * FROM finish();
ROLLBACK;
