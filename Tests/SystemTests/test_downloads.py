"""Addresses of downloads: for one document, for 15 minutes, for whoever has them."""

import contextlib
import os
import re
import signal
import string
import time
import uuid
from email import message_from_bytes
from urllib.parse import urlsplit

import pytest

import rawhttp
import tokens
from collectors import (
    check_error, disposition, documents, download, download_keys, expiry_of, link, pdf, place)
from waiting import eventually

LETTERS = string.ascii_letters + string.digits + "-_"
INVALID = "The link is not valid"
CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 40


@pytest.fixture(scope="module")
def user(product, app):
    return product.issued(app)


@pytest.fixture(scope="module")
def recorded(product, collector, user):
    """Makes fresh addresses of the user's documents."""
    collector.recorded(user[0], {"a.pdf": CONTENT, "b.pdf": pdf(), "empty": b""})
    return lambda: documents(product, user[0])


@pytest.fixture
def url(recorded):
    return recorded()["a.pdf"]["download_url"]


def id_of(url):
    return urlsplit(url).path.rpartition("/")[2]


def refused(answer, code="invalid_link"):
    check_error(answer, 403, code, "The link has expired" if code == "link_expired" else INVALID)


# A good one

def test_the_bytes_come_with_what_browsers_and_clients_need(product, url):
    answer = download(product, url)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    wanted = {"content-type": "application/pdf", "content-length": str(len(CONTENT)), "accept-ranges": "bytes",
              "cache-control": "no-store", "x-content-type-options": "nosniff",
              "strict-transport-security": "max-age=63072000"}
    for name, value in wanted.items():
        assert answer.headers.get_list(name) == [value], name
    for name in ("etag", "x-request-id", "content-disposition", "date", "server"):
        assert len(answer.headers.get_list(name)) == 1, name
    for name in ("last-modified", "x-accel-redirect", "content-encoding", "set-cookie", "status"):
        assert name not in answer.headers, name
    assert disposition(answer.headers["content-disposition"]) == ("a.pdf", "a.pdf")
    named = download(product, url, X_Request_Id="from-the-caller")
    assert named.headers["x-request-id"] == "from-the-caller"


def test_head_says_the_same_without_the_bytes(product, url):
    got, head = download(product, url), download(product, url, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    for name in set(got.headers) - {"date", "x-request-id"}:
        assert head.headers.get_list(name) == got.headers.get_list(name), name
    assert download(product, url[:-1], "HEAD").status_code == 403


def test_an_address_works_again_and_again_and_without_a_header(product, url):
    for headers in ({}, {"Authorization": "Bearer x"}, {"Cookie": "a=b"}, {"Range": "x"}, {"Accept": "text/html"}):
        assert download(product, url, **headers).content == CONTENT


def test_an_empty_file_is_a_file(product, recorded):
    answer = download(product, recorded()["empty"]["download_url"])
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")


RANGES = {
    "the first byte": ("bytes=0-0", 0, 1), "the first": ("bytes=0-99", 0, 100),
    "the middle": ("bytes=100-4999", 100, 5000),
    "the last": ("bytes=10000-", 10000, None), "a suffix": ("bytes=-7", -7, None),
    "beyond the end": ("bytes=10000-99999999", 10000, None), "all": ("bytes=0-", 0, None),
    "a suffix that is longer": ("bytes=-99999999", 0, None),
}


@pytest.mark.parametrize("case", RANGES)
def test_a_range_is_a_part(product, url, case):
    text, first, last = RANGES[case]
    answer = download(product, url, Range=text)
    assert (answer.status_code, answer.content) == (206, CONTENT[first:last])
    start = first % len(CONTENT)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(answer.content) - 1}/{len(CONTENT)}"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"


def test_several_ranges_come_in_parts(product, url):
    answer = download(product, url, Range="bytes=0-4,100-109,-3")
    assert answer.status_code == 206
    message = message_from_bytes(
        b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n" + answer.content)
    parts = [part.get_payload(decode=True) for part in message.get_payload()]
    assert message.get_content_type() == "multipart/byteranges"
    assert parts == [CONTENT[:5], CONTENT[100:110], CONTENT[-3:]]


def test_a_range_outside_is_refused_as_json(product, url):
    for text in (f"bytes={len(CONTENT)}-", "bytes=99999999-999999999"):
        answer = download(product, url, Range=text)
        check_error(answer, 416, "range_not_satisfiable")
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_conditions_are_kept(product, recorded, url):
    etag = download(product, url).headers["etag"]
    assert re.fullmatch(r'"[^"]+"', etag)
    again = recorded()["a.pdf"]["download_url"]
    for headers in ({"If-None-Match": etag}, {"If-None-Match": "*"}, {"If-None-Match": f'"x", {etag}'}):
        answer = download(product, again, **headers)
        assert (answer.status_code, answer.content) == (304, b""), headers
        assert answer.headers["etag"] == etag and answer.headers["cache-control"] == "no-store"
    assert download(product, url, If_None_Match='"x"').content == CONTENT
    assert download(product, url, If_Match=etag).content == CONTENT
    check_error(download(product, url, If_Match='"x"'), 412, "precondition_failed")
    part = {"Range": "bytes=0-9"}
    assert download(product, url, If_Range=etag, **part).content == CONTENT[:10]
    assert download(product, url, If_Range='"x"', **part).content == CONTENT
    # Another document has another.
    assert download(product, recorded()["b.pdf"]["download_url"]).headers["etag"] != etag


def test_what_replaces_a_document_is_told_from_it_at_once(product, app, collector):
    token, _ = product.issued(app)
    etags = []
    for content in (b"%PDF one", b"%PDF two"):
        collector.recorded(token, {"a.pdf": content})
        answer = download(product, documents(product, token)["a.pdf"]["download_url"])
        assert answer.content == content
        etags.append(answer.headers["etag"])
    assert etags[0] != etags[1]


def test_no_other_method_is_answered(product, url):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = download(product, url, method)
        check_error(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, HEAD"


# A wrong one

def test_an_address_ends_after_its_time(product, app, user, url):
    key, *_ = download_keys(product)
    now, document = int(time.time()), id_of(url)
    plain = url.partition("?")[0]

    def signed(expiry):
        return f"{plain}?link={link(key, document, app.client_app, user[1], expiry)}"

    # What is made here is what the service makes.
    assert signed(expiry_of(url)) == url
    assert download(product, signed(now + 60)).content == CONTENT
    for expiry in (now - 1, now - 86400, 1, 0, -1, -2 ** 63):
        refused(download(product, signed(expiry)), "link_expired")
    soon = signed(int(time.time()) + 2)
    assert download(product, soon).status_code == 200
    eventually(lambda: download(product, soon).status_code == 403, 4, "it has expired")
    refused(download(product, soon), "link_expired")
    # An expired one that is changed as well is a changed one.
    changed = signed(now - 1)
    refused(download(product, changed[:-3] + ("AAA" if changed[-3:] != "AAA" else "BBB")))


def test_a_signature_for_anything_else_is_no_signature(product, app, user, recorded, url):
    key, *_ = download_keys(product)
    expiry, document = int(time.time()) + 600, id_of(url)
    plain = url.partition("?")[0]
    another = product.create_app("Another, for downloads")
    for made in (
            link(key, id_of(recorded()["b.pdf"]["download_url"]), app.client_app, user[1], expiry),
            link(key, document, app.client_app, user[1], expiry, "sandbox"),
            link(key, document, app.client_app, str(uuid.uuid4()), expiry),
            link(key, document, another.client_app, user[1], expiry),
            link(key, document.upper(), app.client_app, user[1], expiry),
            link((key[0], b"k" * 32), document, app.client_app, user[1], expiry),
            link(("nobody", key[1]), document, app.client_app, user[1], expiry),
            link(("", key[1]), document, app.client_app, user[1], expiry),
            link((key[0], tokens.read_keys(product.key_files[0])[0][1]), document, app.client_app, user[1], expiry)):
        refused(download(product, f"{plain}?link={made}"))
    # Signed well, for what is not there.
    nobody = str(uuid.uuid4())
    made = link(key, nobody, app.client_app, user[1], expiry)
    refused(download(product, f"{product.base_url()}/download/{nobody}?link={made}"))
    refused(download(product, url.replace(product.base_url(), product.base_url("sandbox"))))
    # An id is one in any case.
    assert download(product, url.replace(document, document.upper())).content == CONTENT


def test_an_address_with_any_byte_changed_is_no_address(product, url):
    head, _, made = url.partition("link=")
    for index, letter in enumerate(made):
        others = [LETTERS[(LETTERS.find(letter) + 1) % 64], LETTERS[(LETTERS.find(letter) + 32) % 64], ".", "="]
        # The last letters have bits to spare.
        if index in (len(made) - 1, len(made) - 45):
            others += LETTERS
        for other in others:
            if other != letter:
                refused(download(product, head + "link=" + made[:index] + other + made[index + 1:]))
    document = id_of(url)
    for index, letter in enumerate(document):
        other = "0" if letter == "-" else f"{(int(letter, 16) + 1) % 16:x}"
        refused(download(product, url.replace(document, document[:index] + other + document[index + 1:])))


def test_an_address_that_is_cut_repeated_or_added_to_is_no_address(product, recorded, url):
    head, _, made = url.partition("link=")
    other = recorded()["b.pdf"]["download_url"].partition("link=")[2]
    kid, packed, signature = made.split(".")
    for query in ("", "link", "link=", "link=.", "link=..", "LINK=" + made, f"link={made}&link={made}",
                  f"link={made}&link=", f"link=&link={made}", f"link={made}&link={other}", f"link={other}&link={made}",
                  f"link={made}.", f"link=.{made}", f"link={made}=", f"link={made}A", f"link={made}%00",
                  f"link={made}%20", f"link={kid}.{packed}", f"link={packed}.{signature}", f"link={kid}..{signature}",
                  f"link={kid}.{packed}.", f"link={kid}.{packed}A.{signature}", f"link={kid}.{packed[:-4]}.{signature}",
                  f"link={kid}.{packed}.{signature[:22]}", "link=" + "a" * 3000, "link=%zz", "link=%ff.%ff.%ff",
                  f"link={made}.{made}", f"link={kid}.{signature}.{packed}", f"link[]={made}", f"alink={made}"):
        refused(download(product, head + query))
    for size in range(0, len(made), 7):
        refused(download(product, head + "link=" + made[:size]))


def test_what_else_is_in_the_query_is_ignored(product, url):
    head, _, made = url.partition("link=")
    for query in (f"link={made}&a=b", f"a=b&link={made}", f"&link={made}&", f"link={made}&utm_source=mail&x"):
        assert download(product, head + query).content == CONTENT, query


def test_after_an_erasure_an_address_is_none_and_the_file_is_gone(product, app, collector):
    token, user = product.issued(app)
    content, shared = pdf(), pdf()
    collector.recorded(token, {"a.pdf": content, "shared.pdf": shared})
    other, _ = product.issued(app)
    collector.recorded(other, {"shared.pdf": shared})
    found, kept = documents(product, token), documents(product, other)["shared.pdf"]["download_url"]
    product.administer("user", "erase", user, "--app", app.client_app)
    for document in found.values():
        refused(download(product, document["download_url"]))
    assert not place(product, content).exists()
    assert download(product, kept).content == shared


def test_an_address_of_a_disabled_app_is_none_until_it_is_enabled(product, collector):
    own = product.create_app("Disabled, for downloads")
    token, _ = product.issued(own)
    collector.recorded(token, {"a.pdf": pdf()})
    url = documents(product, token)["a.pdf"]["download_url"]
    product.administer("app", "disable", own.client_app)
    refused(download(product, url))
    product.administer("app", "enable", own.client_app)
    assert download(product, url).status_code == 200


# Keys

@pytest.fixture
def key_file(product):
    """The keys of downloads, as they were again afterwards."""
    path = product.key_files[2]
    before = path.read_bytes()
    yield path
    path.write_bytes(before)
    reload(product)


def reload(product):
    """SIGHUP, until latchkeyd says that every instance has the keys."""
    def lines():
        return [line for line in product.log_lines() if line["message"] == "keys reloaded"]
    seen = len(lines())
    os.kill(product.responder_pid, signal.SIGHUP)
    eventually(lambda: len(lines()) > seen, 5, "the keys are reloaded")


def test_a_new_key_signs_and_the_old_addresses_go_on_until_theirs_is_gone(product, recorded, key_file):
    old = recorded()["a.pdf"]["download_url"]
    result = product.latchkey("key", "generate", "--purpose", "download")
    assert result.returncode == 0, result.stderr
    (kid, key), *older = download_keys(product)
    product.secrets.add(tokens.base64url(key))
    assert f"link={older[0][0]}." in old
    reload(product)
    new = recorded()["a.pdf"]["download_url"]
    assert f"link={kid}." in new
    for url in (old, new):
        for _ in range(8):
            assert download(product, url).content == CONTENT
    whole = key_file.read_text()
    for name, _ in older:
        whole = re.sub(r'\{[^{}]*"kid"\s*:\s*"' + re.escape(name) + r'"[^{}]*\}\s*,?', "", whole)
    key_file.write_text(re.sub(r",\s*\]", "]", whole))
    assert [name for name, _ in download_keys(product)] == [kid]
    reload(product)
    for _ in range(8):
        refused(download(product, old))
        assert download(product, new).content == CONTENT


# Around the address

def test_the_store_is_not_to_be_reached_but_through_an_address(product, recorded, url):
    name = place(product, CONTENT).relative_to(product.documents)
    document = id_of(url)
    query = urlsplit(url).query
    for path in (f"/latchkey-documents/{name}", f"//latchkey-documents/{name}", f"/latchkey-documents/{name}?{query}",
                 f"/latchkey-documents//{name}", "/latchkey-documents/", "/latchkey-documents",
                 f"/LATCHKEY-DOCUMENTS/{name}", f"/latchkey%2Ddocuments/{name}", f"/latchkey-documents%2F{name}",
                 f"/download/../latchkey-documents/{name}", f"/download/%2e%2e/latchkey-documents/{name}",
                 f"/download/..%2flatchkey-documents/{name}?{query}", f"/x/..//latchkey-documents/{name}",
                 "/latchkey-documents/../keys/token.jwks", "/latchkey-documents/..%2fkeys/token.jwks",
                 "/latchkey-documents../keys/token.jwks", "/latchkey-documents/%2e%2e/%2e%2e/etc/passwd",
                 f"/download/{document}/../../latchkey-documents/{name}?{query}", f"/download/{name}?{query}",
                 f"/download/{name.name}?{query}", f"/download/?{query}", f"/download?{query}",
                 f"/download/{document}/?{query}", f"/download/{document}/x?{query}",
                 f"/download/{document}%2f?{query}", f"/download/x{document}?{query}", f"/Download/{document}?{query}",
                 f"/download/{document}.pdf?{query}", f"/download/{document};x?{query}"):
        for method in (b"GET", b"HEAD"):
            sent = method + f" {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            with rawhttp.connect(product) as connection:
                connection.sendall(sent)
                received = rawhttp.read_to_end(connection)
            head, _, body = received.partition(b"\r\n\r\n")
            answer = rawhttp.Answer(head, body)
            # What begins as an address does is one that opens nothing.
            statuses = (403, 404) if path.startswith("/download/") else (400, 404)
            assert answer.status in statuses, (path, answer.status)
            assert answer.headers["content-type"] == "application/json", path
            assert CONTENT[:20] not in received


def test_a_header_that_steers_nginx_is_none_of_a_clients(product, url):
    name = place(product, CONTENT).relative_to(product.documents)
    headers = {"X-Accel-Redirect": f"/latchkey-documents/{name}", "X-Sendfile": "/etc/passwd",
               "X-Original-URL": f"/latchkey-documents/{name}", "X-Rewrite-URL": f"/latchkey-documents/{name}"}
    refused(product.request("GET", url[:-1], headers=headers))
    answer = product.request("GET", f"{product.base_url()}/", headers=headers)
    check_error(answer, 404, "not_found")


def test_without_the_database_it_is_503(product, url, database):
    database.stop_postgres()
    check_error(download(product, url), 503, "temporarily_unavailable")
    database.start_postgres()
    eventually(lambda: download(product, url).status_code == 200, 10, "downloads go on")


def test_a_file_that_is_missing_in_the_store_is_an_error_in_json(product, app, collector):
    token, _ = product.issued(app)
    content = pdf()
    collector.recorded(token, {"a.pdf": content})
    found = place(product, content)
    away = found.with_name("away")
    with contextlib.ExitStack() as stack:
        found.rename(away)
        stack.callback(away.rename, found)
        answer = download(product, documents(product, token)["a.pdf"]["download_url"])
        check_error(answer, 500, "server_error")
