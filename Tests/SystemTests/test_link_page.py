"""GET /link/: the modal's page, and by whose pages it may be framed."""

import subprocess
import uuid

import pytest

from linking import ORIGIN, embedding_app, policy
from product import CHECKOUT

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
          "base-uri 'none'; form-action 'none'")
MODES = ["production", "sandbox"]


@pytest.fixture(scope="module")
def own(product):
    return embedding_app(product, "Link page", ORIGIN, "http://localhost:3000", "https://a.example:8443")


def page(product, query, mode="sandbox", method="GET", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return product.request(method, product.base_url(mode), headers=headers,
                           extensions={"target": f"/link/{query}".encode()})


def check_page(product, answer, ancestors):
    """The whole page, framed by these alone."""
    assert answer.status_code == 200, answer.text
    assert answer.headers.get_list("content-security-policy") == [f"{POLICY}; frame-ancestors {ancestors}"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("strict-transport-security")
    [permissions] = answer.headers.get_list("permissions-policy")
    assert "camera=()" in permissions and "=(self" not in permissions and "*" not in permissions
    # A frame of another site would be refused whatever the policy says; and how nginx is told is nobody's business.
    for name in ("x-frame-options", "x-accel-redirect", "etag", "last-modified"):
        assert name not in answer.headers
    assert answer.content == (CHECKOUT / "deploy/www/link/index.html").read_bytes()


@pytest.mark.parametrize("mode", MODES)
def test_the_page_may_be_framed_by_the_apps_origins_alone(product, own, mode):
    # Sorted, whichever was registered first.
    origins = f"http://localhost:3000 https://a.example:8443 {ORIGIN}"
    for app in (own.client_app, own.client_app.upper()):
        check_page(product, page(product, f"?client_app={app}", mode), origins)
    check_page(product, page(product, f"?x=1&client_app={own.client_app}&y=2", mode), origins)


def test_an_origin_that_is_added_or_taken_away_counts_at_once(product):
    app = embedding_app(product, "Link page, changing")
    query = f"?client_app={app.client_app}"
    check_page(product, page(product, query), ORIGIN)
    product.administer("app", "origin", "add", app.client_app, "https://z.example")
    check_page(product, page(product, query), f"{ORIGIN} https://z.example")
    product.administer("app", "disable", app.client_app)
    check_page(product, page(product, query), "'none'")
    product.administer("app", "enable", app.client_app)
    for origin in (ORIGIN, "https://z.example"):
        product.administer("app", "origin", "remove", app.client_app, origin)
    check_page(product, page(product, query), "'none'")


def test_of_an_unknown_app_it_may_be_framed_by_nobody(product, own):
    app = own.client_app
    for query in ("", "?", "?client_app", "?client_app=", "?client_app=x", f"?client_app={uuid.uuid4()}",
                  f"?CLIENT_APP={app}", f"?client_app={app}&client_app={app}", f"?client_app={app[:-1]}",
                  f"?client_app={app}0", f"?client_app={{{app}}}", f"?client_app={app.replace('-', '')}",
                  f"?client_app=%20{app}", f"?client_app={app}%00", f"?client_app={app}%0d%0aX-Evil:%201",
                  "?client_app=%0d%0aX-Evil:%201", "?client_app=*", "?client_app='self'", "?client_app=%ff",
                  "?client_app=%zz", "?client_app=<script>alert(1)</script>", "?client_app=" + "a" * 4000):
        answer = page(product, query)
        check_page(product, answer, "'none'")
        assert "x-evil" not in answer.headers


def test_a_head_has_the_same_headers(product, own):
    answer = page(product, f"?client_app={own.client_app}", method="HEAD")
    assert answer.status_code == 200 and answer.content == b""
    assert policy(answer)["frame-ancestors"] == ["http://localhost:3000", "https://a.example:8443", ORIGIN]


def test_there_is_room_for_as_many_and_as_long_origins_as_there_may_be(product):
    app = embedding_app(product, "Link page, longest")
    host = ".".join(["a" * 60] * 4)
    origins = [f"https://{letter}{host}:{10000 + number}" for number, letter in enumerate("bcdefghijklmnopqrst")]
    for origin in origins:
        product.administer("app", "origin", "add", app.client_app, origin)
    check_page(product, page(product, f"?client_app={app.client_app}"), " ".join(sorted([ORIGIN, *origins])))


def test_it_is_always_the_whole_page(product, own):
    """Its policy may have changed though the file has not."""
    query = f"?client_app={own.client_app}"
    for headers in ({"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, {"If-None-Match": '"x"'},
                    {"Range": "bytes=0-9"}):
        check_page(product, page(product, query, **headers), f"http://localhost:3000 https://a.example:8443 {ORIGIN}")


def test_other_methods_and_paths_are_refused_as_json(product, own):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = page(product, f"?client_app={own.client_app}", method=method)
        assert answer.status_code == 405, method
        assert set(answer.json()) == {"error", "error_description"}
        assert {one.strip() for one in answer.headers["allow"].split(",")} == {"GET", "HEAD"}
    for path in ("/link", "/link/index.html", "/link/nothing.js", "/link/.js", "/link/../link/", "/link//",
                 "/latchkey-link-page", "/link/..%2findex.html"):
        answer = product.request("GET", product.base_url("sandbox"), extensions={"target": path.encode()})
        if path == "/link/../link/" or path == "/link//":
            # nginx makes these /link/: the page of nobody.
            assert answer.status_code in (200, 404), path
            continue
        assert answer.status_code in (400, 404), (path, answer.status_code)
        assert answer.headers["content-type"] == "application/json"


def test_no_header_can_be_got_into_the_answer_by_way_of_the_database(product):
    """The schema refuses such an origin, and the responder would leave it out."""
    app = embedding_app(product, "Link page, hostile")
    hostile = ["https://a.example; script-src *", "https://a.example\r\nX-Evil: 1",
               "https://a.example https://b.example", "*", "https:", "'self'", "data:", "https://a.example/\u00e4"]

    def insert(origin):
        return product.psql(f"""
            INSERT INTO latchkey.client_app_origins (client_app_id, origin)
            VALUES ('{app.client_app}', convert_from('\\x{origin.encode().hex()}', 'UTF8'))""")

    for origin in hostile:
        assert "client_app_origins_origin_format" in insert(origin).stderr, origin
    [[constraint]] = product.sql("""
        SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'client_app_origins_origin_format'""")
    table = "ALTER TABLE latchkey.client_app_origins"
    product.sql(f"{table} DROP CONSTRAINT client_app_origins_origin_format")
    try:
        for origin in hostile:
            assert insert(origin).returncode == 0
        answer = page(product, f"?client_app={app.client_app}")
        check_page(product, answer, ORIGIN)
        assert "x-evil" not in answer.headers
    finally:
        product.sql(f"""
            DELETE FROM latchkey.client_app_origins WHERE client_app_id = '{app.client_app}';
            {table} ADD CONSTRAINT client_app_origins_origin_format {constraint}""")


# The files beside it

def test_the_files_are_plain_and_the_script_for_other_sites_may_be_loaded_by_them(product):
    script = product.request("GET", product.base_url("sandbox") + "/link/link-initialize.js")
    assert script.status_code == 200 and len(script.content) < 8192
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    for name in ("link.js", "link.css"):
        answer = product.request("GET", product.base_url("sandbox") + "/link/" + name)
        assert answer.status_code == 200, name
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-cache"
        tag = answer.headers["etag"]
        again = product.request(
            "GET", product.base_url("sandbox") + "/link/" + name, headers={"If-None-Match": tag})
        assert again.status_code == 304
        assert answer.content == (CHECKOUT / "deploy/www/link" / name).read_bytes()


def test_the_script_is_one(product):
    """In strict mode, and in a page that has no modules."""
    node = subprocess.run(["sh", "-c", "command -v node"], capture_output=True, text=True).stdout.strip()
    if not node:
        pytest.skip("node is not installed")
    for name in ("link-initialize.js",):
        path = CHECKOUT / "deploy/www/link" / name
        assert subprocess.run([node, "--check", str(path)], capture_output=True).returncode == 0


def test_without_the_database_it_is_503(product, own, database):
    database.stop_postgres()
    answer = page(product, f"?client_app={own.client_app}")
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdecimal()
    assert set(answer.json()) == {"error", "error_description"}
