"""A thousand file names: each is refused, or stored, listed and downloaded under this very name."""

import json
import re
import unicodedata
from urllib.parse import urlsplit

import pytest

import rawhttp
from collectors import disposition, documents, download, escaped, sha256, staged

WORDS = ["con", "CON", "nul", "aux.txt", "com1", "LPT9.pdf", "desktop.ini", "Thumbs.db", ".htaccess", ".ssh", ".",
         "..", "...", "....", "~", "-", "--help", "-rf", "*", "?", "x?y=z", "x#y", "x&y", "x;y", "x;filename=y",
         "x:y", "C:", "C:\\x", "\\", "\\\\host\\x", "..\\..\\x", "x\\..\\y", '"', '""', "'", "''", "`x`", "$(x)",
         "${x}", "x|y", "<x>", "x%", "%", "%%", "%2F", "%2f%2e%2e", "%00", "%5C", "%u002f", "%c0%af", "%s%n", "x%20y",
         " ", "  ", "x ", " x", "x.", ".x", "x..", "a  b", "a+b", "a=b", "a,b", "a@b", "a[b]", "a{b}", "a(b)", "a!b",
         "a^b", "a~b", '"; filename="x', "\"; filename*=UTF-8''x", "UTF-8''x", "=?utf-8?q?x?=", "=?utf-8?b?eA==?=",
         "attachment", "filename*", "a\u00a0b", "\u00a0", "\u2003", "\u200b", "\ufeff", "x\ufeff",
         "\u202e\u2066fdp.exe", "\u200f\u05d0", "\u0627\u0644", "\u05d0\u05d1.pdf", "\u65e5\u672c\u8a9e.pdf",
         "\U0001f4a9", "\U0001f468\u200d\U0001f469", "\U0001f1e6\U0001f1f9", "e\u0301", "\u00e9", "\u1e9e\u00df",
         "\u0130\u0131", "\ufdfa", "\u2028", "\u2029", "x\u2028y", "\uffff", "\ufffe", "\ufffd", "\U0010ffff",
         "\U000e0001", "\ud7ff", "\ue000", "\u0378", "\u2024\u2024", "\uff0f", "\u2215", "\u2044", "\u2216",
         "\uff0e\uff0e", "\u037e", "\u212a", "\ufb01", "x" * 255, "\u00e9" * 127, "\u20ac" * 85, "\U0001f600" * 63,
         "." * 255, " " * 255, '"' * 255, "%" * 255, "\\" * 255, "x" * 254 + "\u00e9", "x" * 256, "\u00e9" * 128,
         "\U0001f600" * 64, "x" * 3000, "", "/", "//", "///", "x/y", "/x", "x/", "//x", "x//y", "./x", "../x",
         "x/../y", "x/./y", "../../../../etc/passwd", "..%2fx", "\r", "\n", "x\r\ny", "x\r\nX-Header: y", "\t",
         "x\ty", "\x1b[31mx", "\x7f", "\x80", "\x85", "\x9f", "x\x00y", "\x00", "\x01", "\x1f"]
BYTES = [b"\xff", b"\xfe\xff", b"x\x80y", b"\xc0\xaf", b"\xc1\x81", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf",
         b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xc3", b"\xe2\x82",
         b"\xf0\x9f\x98", b"\xc3(", b"\xe4.pdf", b"a\xc3", b"\xbf", b"\xef\xbb", b"\xc3\xa9\xff"]


def made():
    """Every character of ASCII in three places, and some of each kind that Unicode knows."""
    for code in range(1, 128):
        yield from (chr(code), f"a{chr(code)}.pdf", f"a{chr(code)}{chr(code)}b")
    kinds = {}
    for code in [*range(0x80, 0xd800), *range(0x1f300, 0x1f700), 0xe0041, 0xf0000]:
        kinds.setdefault(unicodedata.category(chr(code)) + unicodedata.bidirectional(chr(code)), []).append(chr(code))
    for letters in kinds.values():
        yield from (f"x{letter}y" for letter in letters[:3])


def is_plain(name):
    """A name as the contract means it."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return False
    return 1 <= len(name) <= 255 and text not in (".", "..") and not re.search("[/\0-\x1f\x7f-\x9f]", text)


@pytest.fixture(scope="module")
def names(testdata):
    strings = json.loads((testdata("blns") / "blns.json").read_text())
    assert len(strings) > 500
    texts = {text.encode("utf-8", "surrogatepass") for text in [*strings, *WORDS, *made()]} | set(BYTES)
    assert len(texts) >= 1000
    return sorted(texts)


@pytest.fixture(scope="module")
def sent(product, app, collector, names):
    """The user, what was sent for every name, and what each was answered."""
    token, _ = product.issued(app)
    retrieval, answers = None, {}
    for number, name in enumerate(names):
        if number % 90 == 0:
            if retrieval:
                collector.finished(retrieval)
            retrieval = collector.begun(token, tax_year=2000 + number // 90)
        before = staged(product, retrieval) if not is_plain(name) else None
        for _ in range(5):
            answer = collector.upload(retrieval, name, b"content of " + name)
            # A slow disk is no fault of the name's.
            if answer.status_code != 503:
                break
        if answer.status_code != 201:
            # Nothing is stored, under whatever name.
            assert before is None or staged(product, retrieval) == before, name
        answers[name] = answer
    collector.finished(retrieval)
    return token, answers


def test_a_name_is_refused_or_is_the_name(product, sent):
    _, answers = sent
    accepted = 0
    for name, answer in answers.items():
        assert answer.headers["content-type"] == "application/json", name
        if answer.status_code == 201:
            assert answer.json()["file_name"].encode() == name
            assert answer.json()["sha256"] == sha256(b"content of " + name)
            accepted += 1
        else:
            assert answer.status_code in (400, 404, 405, 414), (name, answer.status_code, answer.text)
            assert set(answer.json()) == {"error", "error_description"}
    assert accepted > 700


def test_every_plain_name_is_taken_and_no_other(sent):
    _, answers = sent
    wrong = [(name, answer.status_code, answer.text) for name, answer in answers.items()
             if (answer.status_code == 201) != is_plain(name)]
    assert not wrong


def test_every_name_that_was_taken_is_listed_and_downloaded_as_it_was_sent(product, sent):
    token, answers = sent
    accepted = {name for name, answer in answers.items() if answer.status_code == 201}
    found = documents(product, token)
    assert {name.encode() for name in found} == accepted
    for name, document in found.items():
        answer = download(product, document["download_url"])
        assert (answer.status_code, answer.content) == (200, b"content of " + name.encode())
        read, fallback = disposition(answer.headers["content-disposition"])
        assert read == name
        assert re.fullmatch(r"[ -~]+", fallback), (name, fallback)
        # What a client that knows no more would save as: one name, and not above its folder.
        assert not re.search(r"[/\\]", fallback) and fallback not in (".", ".."), (name, fallback)


def test_a_name_need_not_be_escaped_more_than_a_path_must(product, app, collector):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    for path, name in ((b"a!$&'()*+,;=:@-._~b", "a!$&'()*+,;=:@-._~b"), (b"%61%2Epdf", "a.pdf"), (b"a%2bb", "a+b"),
                       (b"\xc3\xa4.pdf", "\u00e4.pdf"), (b"a%252Fb", "a%2Fb"), (b"a%2500", "a%00")):
        head = b"PUT /api/retrievals/" + retrieval.encode() + b"/files/" + path + b" HTTP/1.1\r\nHost: localhost\r\n" \
            b"Authorization: APIKEY " + collector.key.encode() + b"\r\nContent-Length: 1\r\n\r\nx"
        [answer] = rawhttp.exchange(product, head)
        assert (answer.status, answer.json()["file_name"]) == (201, name), path
    collector.finished(retrieval)


def test_a_path_around_the_name_is_no_other_path(product, app, collector):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    base = f"/api/retrievals/{retrieval}"
    for path in (f"{base}/files/a/b", f"{base}/files//a", f"{base}//files/a", f"//api/retrievals/{retrieval}/files/a",
                 f"{base}/files/a/", f"{base}/files/a%2F",
                 f"{base}/files/%2Fa", f"{base}/files/x%2F..%2Fa", f"{base}/files/.%2Fa",
                 f"{base}/files/x%2F%2E%2E%2Fa", f"{base}/files/", f"{base}/files", f"{base}/Files/a",
                 f"{base}/files/a%00", f"{base}/files/a%zz",
                 f"{base}/files/%2e", f"{base}/files/%2e%2e", f"{base}/files/%2e%2e%2ffinish"):
        answer = collector.call("PUT", path, "production", content=b"x")
        assert answer.status_code in (400, 404, 405), (path, answer.status_code, answer.text)
        assert set(answer.json()) == {"error", "error_description"}, path
        assert staged(product, retrieval) == {}, path
    # The query is none of the name.
    answer = collector.call("PUT", f"{base}/files/a?b/../c", "production", content=b"x")
    assert answer.json()["file_name"] == "a"
    assert urlsplit(escaped("a?b")).path == "a%3Fb"
