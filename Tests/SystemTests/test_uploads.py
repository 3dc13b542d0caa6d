"""Files that collectors send: whole in the store and in the database, or not at all."""

import contextlib
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h2.config
import h2.connection
import pytest

import fastcgi
import processes
import rawhttp
from collectors import (
    LARGEST, MEBIBYTE, check_error, check_store, documents, download, pdf, place, sha256, staged, stored)
from nginxes import another_nginx
from traffic import Traffic
from waiting import eventually

TOO_LARGE = "The file is larger than 52428800 bytes"


@pytest.fixture(scope="module")
def user(product, app):
    return product.issued(app)


@pytest.fixture
def retrieval(collector, user):
    return collector.begun(user[0])


def large(size, number=0):
    """So many bytes, of which every number makes others; in pieces, so that twenty of them fit into memory."""
    head = uuid.uuid4().bytes + number.to_bytes(16, "big")
    piece = bytes(range(256)) * 1024

    def pieces():
        left = size
        first = head[:left]
        yield first
        left -= len(first)
        while left:
            yield piece[:left]
            left -= min(left, len(piece))

    return list(pieces())


def hash_of(pieces):
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


# What is stored

SIZES = [0, 1, 2, 16384, 16385, 65535, 65536, 65537]


@pytest.mark.parametrize("size, chunked", [
    *((size, chunked) for size in SIZES for chunked in (False, True)), (MEBIBYTE, False), (LARGEST - 1, False),
    (LARGEST, False), (LARGEST, True)])
def test_a_file_of_any_size_is_in_the_store_byte_by_byte(product, collector, retrieval, size, chunked):
    pieces = large(size, size)
    wanted = hash_of(pieces)
    headers = {} if chunked else {"Content-Length": str(size)}
    answer = collector.upload(retrieval, "a.pdf", iter(pieces), headers=headers)
    assert answer.status_code == 201, answer.text
    assert list(answer.json().items()) == [
        ("file_name", "a.pdf"), ("content_type", "application/pdf"), ("total_size_bytes", size), ("sha256", wanted)]
    assert answer.headers.get_list("cache-control") == ["no-store"]
    path = product.documents / wanted[:2] / wanted
    with open(path, "rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == wanted
    assert path.stat().st_size == size
    assert staged(product, retrieval) == {"a.pdf": wanted}


def test_files_and_folders_of_the_store_are_for_the_service_and_nginx_alone(product, collector, retrieval):
    content = pdf()
    collector.uploaded(retrieval, "a.pdf", content)
    path = place(product, content)
    assert path.stat().st_mode & 0o7777 == 0o440
    assert path.owner() == product.account
    for folder in (path.parent, product.documents):
        assert folder.stat().st_mode & 0o007 == 0, oct(folder.stat().st_mode)
        assert folder.stat().st_gid == path.stat().st_gid


def test_equal_content_is_stored_once(product, app, collector, retrieval):
    content = pdf()
    before = stored(product)
    collector.uploaded(retrieval, "a.pdf", content)
    inode = place(product, content).stat().st_ino
    collector.uploaded(retrieval, "b.pdf", content, "text/plain")
    other, _ = product.issued(app)
    collector.recorded(other, {"c.pdf": content})
    assert stored(product) - before == {sha256(content)}
    assert place(product, content).stat().st_ino == inode and place(product, content).stat().st_nlink == 1
    assert staged(product, retrieval) == {"a.pdf": sha256(content), "b.pdf": sha256(content)}


def test_equal_content_that_many_send_at_once_is_stored_once(product, collector, retrieval):
    content = pdf(300_000)
    before = stored(product)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: collector.upload(retrieval, f"{number}.pdf", content), range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert stored(product) - before == {sha256(content)}


def test_the_same_name_again_replaces_the_file(product, app, collector):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    collector.uploaded(retrieval, "a.pdf", b"first", "text/plain")
    collector.uploaded(retrieval, "a.pdf", b"the second")
    assert staged(product, retrieval) == {"a.pdf": sha256(b"the second")}
    assert collector.finished(retrieval)["document_count"] == 1
    document = documents(product, token)["a.pdf"]
    assert (document["content_type"], document["total_size_bytes"]) == ("application/pdf", 10)
    assert download(product, document["download_url"]).content == b"the second"


def test_of_two_files_of_one_name_at_once_one_is_kept_whole(product, app, collector):
    token, _ = product.issued(app)
    for _ in range(10):
        retrieval = collector.begun(token)
        contents = [pdf(200_000), pdf(150_000)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda content: collector.upload(retrieval, "a.pdf", content), contents))
        assert [answer.status_code for answer in answers] == [201, 201]
        assert collector.finished(retrieval)["document_count"] == 1
        document = documents(product, token)["a.pdf"]
        found = download(product, document["download_url"]).content
        assert found in contents and document["total_size_bytes"] == len(found)


def test_a_file_that_meets_the_finish_is_published_where_it_was_acknowledged(product, app, collector):
    outcomes = set()
    for delay in [0, 0, 0, 0, 0.001, 0.002, 0.003, 0.004, 0.006, 0.01]:
        token, _ = product.issued(app)
        retrieval = collector.begun(token)
        with ThreadPoolExecutor(2) as pool:
            upload = pool.submit(collector.upload, retrieval, "a.pdf", pdf(100_000))
            time.sleep(delay)
            finish = pool.submit(collector.finish, retrieval)
        assert finish.result().status_code == 200
        outcomes.add(upload.result().status_code)
        assert upload.result().status_code in (201, 409), upload.result().text
        published = list(documents(product, token))
        assert published == (["a.pdf"] if upload.result().status_code == 201 else [])
        assert finish.result().json()["document_count"] == len(published)
        assert staged(product, retrieval) == {}
    assert outcomes <= {201, 409}


CONTENT_TYPES = {
    None: "application/octet-stream", "application/pdf": "application/pdf", "Text/CSV; charset=utf-8": "text/csv",
    "a/b": "a/b", "application/vnd.a+json": "application/vnd.a+json", "text/html": "text/html",
    "a/" + "b" * 125: "a/" + "b" * 125, "text/plain;": "text/plain", "a!#$&^_.+-/b": "a!#$&^_.+-/b",
    "application/x-www-form-urlencoded": "application/x-www-form-urlencoded", "application/json": "application/json",
}


def test_the_content_type_is_kept_without_its_parameters(product, app, collector):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    for number, (sent, kept) in enumerate(CONTENT_TYPES.items()):
        assert collector.uploaded(retrieval, f"{number:02}", b"x", sent)["content_type"] == kept, sent
    collector.finished(retrieval)
    found = documents(product, token)
    assert [found[name]["content_type"] for name in sorted(found)] == list(CONTENT_TYPES.values())
    for document in found.values():
        assert download(product, document["download_url"]).headers["content-type"] == document["content_type"]


def test_a_malformed_content_type_is_refused(product, collector, retrieval):
    for text in ("pdf", "/", "a/", "/b", "a/b/c", "a b/c", "a/b c", "*/*" * 50, "a/" + "b" * 126, "a/b, c/d", "a/b\tx",
                 "\u00e4/b".encode(), b"a/\x80", "a/(b)", "a@b/c", '"a"/b', "a/b\\"):
        answer = collector.upload(retrieval, "a.pdf", b"x", None, headers={"Content-Type": text})
        check_error(answer, 400, "invalid_request")
    assert staged(product, retrieval) == {}


# What is refused

def nothing_came(product, before):
    """No file has come to the store, and none waits in nginx's folder."""
    assert stored(product) == before
    folder = product.state / "run/nginx-body"
    eventually(lambda: not [path for path in folder.rglob("*") if path.is_file()], 10, "nginx keeps no file")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_one_byte_more_than_50_mib_is_refused(product, collector, retrieval, chunked):
    before = stored(product)
    headers = {} if chunked else {"Content-Length": str(LARGEST + 1)}
    with rawhttp.connect(product) as connection:
        head = f"PUT /api/retrievals/{retrieval}/files/a.pdf HTTP/1.1\r\nHost: localhost\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items())
        head += f"Authorization: APIKEY {collector.key}\r\n" + ("Transfer-Encoding: chunked\r\n" if chunked else "")
        with contextlib.suppress(OSError):
            connection.sendall(head.encode() + b"\r\n")
            left = LARGEST + 1
            while left:
                piece = b"x" * min(left, MEBIBYTE)
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                left -= len(piece)
            connection.sendall(b"0\r\n\r\n" if chunked else b"")
        received = b""
        while not (answers := rawhttp.answers(received)):
            received += connection.recv(65536)
    [answer] = answers
    rawhttp.check_refusal(answer)
    assert answer.status == 413
    assert answer.json() == {"error": "payload_too_large", "error_description": TOO_LARGE}
    nothing_came(product, before)
    assert staged(product, retrieval) == {}


def test_more_files_or_bytes_than_a_retrieval_may_hold_are_refused(product, app, collector, responders):
    responders.start({"LATCHKEY_RETRIEVAL_FILES": "3", "LATCHKEY_RETRIEVAL_MEBIBYTES": "1"})
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    for name in ("a", "b", "c"):
        collector.uploaded(retrieval, name, pdf(300_000))
    before = stored(product)

    def refused(name, size):
        answer = collector.upload(retrieval, name, pdf(size))
        check_error(answer, 413, "quota_exceeded", "The retrieval holds as many files or bytes as it may")

    refused("d", 1000)
    refused("a", 500_000)
    assert stored(product) == before
    # What a file replaces does not count.
    collector.uploaded(retrieval, "a", pdf(MEBIBYTE - 600_000))
    refused("b", 300_001)
    assert collector.finished(retrieval)["document_count"] == 3


def test_files_that_come_at_once_do_not_pass_the_bound_together(product, app, collector, responders):
    responders.start({"LATCHKEY_RETRIEVAL_FILES": "5", "LATCHKEY_RETRIEVAL_MEBIBYTES": "1"})
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    before = stored(product)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: collector.upload(retrieval, f"{number}", pdf(100_000)), range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [413] * 7
    assert len(stored(product) - before) == 5
    assert collector.finished(retrieval)["document_count"] == 5


# What breaks off

def head_of(collector, retrieval, *lines):
    return (f"PUT /api/retrievals/{retrieval}/files/broken.pdf HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: APIKEY {collector.key}\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode()


def break_off_http1(product, collector, retrieval):
    with rawhttp.connect(product) as connection:
        connection.sendall(head_of(collector, retrieval, f"Content-Length: {3 * MEBIBYTE}") + b"x" * MEBIBYTE)


def break_off_chunks(product, collector, retrieval):
    with rawhttp.connect(product) as connection:
        chunk = b"%x\r\n%b\r\n" % (MEBIBYTE, b"x" * MEBIBYTE)
        connection.sendall(head_of(collector, retrieval, "Transfer-Encoding: chunked") + chunk + chunk[:-100])


def break_off_before_the_last_chunk(product, collector, retrieval):
    with rawhttp.connect(product) as connection:
        chunk = b"%x\r\n%b\r\n" % (MEBIBYTE, b"x" * MEBIBYTE)
        connection.sendall(head_of(collector, retrieval, "Transfer-Encoding: chunked") + chunk)


def break_off_with_a_reset(product, collector, retrieval):
    with rawhttp.connect(product) as connection:
        connection.sendall(head_of(collector, retrieval, f"Content-Length: {MEBIBYTE}") + b"x" * (MEBIBYTE - 1))
        connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: a reset in place of an end


def http2(product, collector, retrieval, end):
    context = ssl.create_default_context(cafile=product["CA_FILE"])
    context.set_alpn_protocols(["h2"])
    with rawhttp.connect(product, context=context) as connection:
        client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        client.initiate_connection()
        client.send_headers(1, [
            (":method", "PUT"), (":scheme", "https"), (":authority", "localhost"),
            (":path", f"/api/retrievals/{retrieval}/files/broken.pdf"),
            ("authorization", f"APIKEY {collector.key}"), ("content-length", str(MEBIBYTE))])
        sent = 0
        while sent < 200_000:
            connection.sendall(client.data_to_send())
            client.receive_data(connection.recv(65536))
            while (room := min(client.local_flow_control_window(1), 16000)) > 0 and sent < 200_000:
                client.send_data(1, b"x" * room)
                sent += room
        end(client)
        connection.sendall(client.data_to_send())


def break_off_http2(product, collector, retrieval):
    http2(product, collector, retrieval, lambda client: None)


def break_off_with_a_reset_of_the_stream(product, collector, retrieval):
    http2(product, collector, retrieval, lambda client: client.reset_stream(1))


@pytest.mark.parametrize("break_off", [
    break_off_http1, break_off_chunks, break_off_before_the_last_chunk, break_off_with_a_reset, break_off_http2,
    break_off_with_a_reset_of_the_stream], ids=lambda one: one.__name__)
def test_a_client_that_breaks_off_leaves_nothing(product, collector, retrieval, break_off):
    before = stored(product)
    for _ in range(3):
        break_off(product, collector, retrieval)
    nothing_came(product, before)
    assert staged(product, retrieval) == {}
    # The name is free, and the lane is well.
    collector.uploaded(retrieval, "broken.pdf", pdf())


# The same on the responder's own socket, where nginx cannot help.

def upload_parameters(collector, retrieval, length, **more):
    return {
        "REQUEST_METHOD": "PUT", "DOCUMENT_URI": f"/api/retrievals/{retrieval}/files/broken.pdf",
        "LATCHKEY_MODE": "production", "CONTENT_LENGTH": str(length), "HTTP_AUTHORIZATION": f"APIKEY {collector.key}",
    } | more


def beginning(collector, retrieval, length):
    text = fastcgi.parameters(upload_parameters(collector, retrieval, length))
    return fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, text) + fastcgi.record(fastcgi.PARAMS)


def body(size):
    return b"".join(fastcgi.record(fastcgi.STDIN, b"x" * min(32768, size - start)) for start in range(0, size, 32768))


STREAMS = {
    "closed in the body": (100_000, body(70_000)),
    "closed in a record": (100_000, body(65_536) + body(32_768)[:1000]),
    "closed before the end": (100_000, body(100_000)),
    "an abort in the body": (100_000, body(70_000) + fastcgi.record(fastcgi.ABORT)),
    "an abort at its end": (100_000, body(100_000) + fastcgi.record(fastcgi.ABORT)),
    "another request's body": (100_000, body(70_000) + fastcgi.record(fastcgi.STDIN, b"x" * 30_000, request=2)),
    "nothing of the body": (100_000, b""),
}


@pytest.mark.parametrize("fault", STREAMS)
def test_a_stream_that_breaks_off_leaves_nothing(product, collector, retrieval, fault):
    length, stream = STREAMS[fault]
    before = stored(product)
    for _ in range(8):
        with fastcgi.connect(product["UPLOAD_SOCKET"]) as connection, contextlib.suppress(OSError):
            connection.sendall(beginning(collector, retrieval, length) + stream)
    # More than there are workers: each of them is free again.
    collector.uploaded(retrieval, "whole.pdf", b"x" * 100_001)
    assert staged(product, retrieval) == {"whole.pdf": sha256(b"x" * 100_001)}
    assert stored(product) - before <= {sha256(b"x" * 100_001)}


@pytest.mark.parametrize("said, sent", [(100_000, 99_999), (100_000, 100_001), (0, 1), (1, 0), (65_536, 65_537)])
def test_a_length_that_is_not_that_of_the_body_is_refused(product, collector, retrieval, said, sent):
    before = stored(product)
    with fastcgi.connect(product["UPLOAD_SOCKET"]) as connection:
        connection.sendall(beginning(collector, retrieval, said) + body(sent) + fastcgi.record(fastcgi.STDIN))
        assert fastcgi.answer(connection)[0] == 400
    assert staged(product, retrieval) == {} and stored(product) == before


def test_the_responder_itself_refuses_more_than_50_mib(product, collector, retrieval):
    before = stored(product)
    with fastcgi.connect(product["UPLOAD_SOCKET"], timeout=60) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(beginning(collector, retrieval, LARGEST + 1) + body(LARGEST + 1)
                               + fastcgi.record(fastcgi.STDIN))
        with contextlib.suppress(OSError):
            assert fastcgi.answer(connection)[0] == 413
    assert staged(product, retrieval) == {} and stored(product) == before


def test_a_refusal_in_the_midst_of_a_body_leaves_the_connection_in_order(product, collector, retrieval):
    """Two requests on one connection of nginx's kind: the first is refused before its body is read."""
    with fastcgi.connect(product["UPLOAD_SOCKET"]) as connection:
        for number in range(3):
            wrong = upload_parameters(collector, uuid.uuid4(), 200_000)
            connection.sendall(fastcgi.request(wrong, b"x" * 200_000))
            assert fastcgi.answer(connection)[0] == 404
            good = upload_parameters(collector, retrieval, 100_000 + number)
            connection.sendall(fastcgi.request(good, b"y" * (100_000 + number)))
            assert fastcgi.answer(connection)[0] == 201
    assert staged(product, retrieval) == {"broken.pdf": sha256(b"y" * 100_002)}


def erase(product, app, token):
    """The token's user, with files that would take room or that no other test would find."""
    user = product.verify(token).json()["taiki_user"]
    product.administer("user", "erase", user, "--app", app.client_app)


# Twenty at once

def proportional_kibibytes(pids):
    """What these processes take of memory, what they share divided among them."""
    total = 0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1])
    return total


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may see how much memory latchkeyd takes")
def test_twenty_of_50_mib_at_once_take_no_memory_and_delay_no_token(product, app, collector):
    token, _ = product.issued(app)
    retrievals = [collector.begun(token, tax_year=2000 + number) for number in range(4)]
    contents = [large(LARGEST, number) for number in range(20)]
    collector.uploaded(retrievals[0], "small", b"")
    pids = product.responder_pids
    before = proportional_kibibytes(pids)
    seen, done = [before], threading.Event()

    def watch():
        while not done.wait(0.05):
            seen.append(proportional_kibibytes(pids))

    def issue(client):
        return product.token(app, client=client)

    def send(number):
        with product.client() as client:
            return collector.upload(
                retrievals[number % 4], f"{number}.pdf", iter(contents[number]), client=client,
                headers={"Content-Length": str(LARGEST)})

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with Traffic(product, [issue] * 2, pause=0.05) as traffic, ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(20)))
    finally:
        done.set()
        watcher.join()
    assert [answer.status_code for answer in answers] == [201] * 20, {answer.text for answer in answers}
    assert product.responder_pids == pids
    assert not traffic.failures() and traffic.outcomes
    assert len(seen) > 10 and max(seen) - before < 64 * 1024, (before, max(seen))
    hashes = [hash_of(content) for content in contents]
    assert [answer.json()["sha256"] for answer in answers] == hashes
    for retrieval in retrievals:
        collector.finished(retrieval)
    erase(product, app, token)
    assert not stored(product) & set(hashes)


# A store that is full, or that cannot be written to

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system")


@contextlib.contextmanager
def small_file_system(folder, size, options=""):
    """A file system of so many bytes in the place of a folder, with the same owner and rights."""
    status = folder.stat()
    same = f"mode={status.st_mode & 0o7777:o},uid={status.st_uid},gid={status.st_gid}"
    result = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},{same}{options}", "tmpfs", str(folder)],
        capture_output=True, text=True)
    if result.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {result.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


@needs_root
def test_a_full_store_is_507_and_loses_nothing(product, app, collector, responders):
    with small_file_system(product.documents, 8 * MEBIBYTE):
        responders.start()
        token, _ = product.issued(app)
        retrieval = collector.begun(token)
        kept = [pdf(3 * MEBIBYTE), pdf(3 * MEBIBYTE)]
        for number, content in enumerate(kept):
            collector.uploaded(retrieval, f"{number}.pdf", content)
        before = stored(product)
        more = pdf(4 * MEBIBYTE)
        for _ in range(8):
            answer = collector.upload(retrieval, "more.pdf", more)
            check_error(answer, 507, "insufficient_storage", "The file could not be stored: no space is left")
        # What a file took that did not fit has been given back.
        assert shutil.disk_usage(product.documents).used <= 6 * MEBIBYTE + 65536
        assert stored(product) == before and "more.pdf" not in staged(product, retrieval)
        # What fits still fits, and the rest goes on.
        collector.uploaded(retrieval, "small.pdf", pdf(MEBIBYTE))
        assert product.token(app).status_code == 200
        check_store(product)
        remount(product.documents, f"size={32 * MEBIBYTE}")
        collector.uploaded(retrieval, "more.pdf", more)
        assert collector.finished(retrieval)["document_count"] == 4
        found = documents(product, token)
        for number, content in enumerate(kept):
            assert download(product, found[f"{number}.pdf"]["download_url"]).content == content
        assert download(product, found["more.pdf"]["download_url"]).content == more
        erase(product, app, token)
        responders.stop_all()


@needs_root
def test_a_store_that_cannot_be_written_to_is_an_error_of_ours_and_loses_nothing(product, app, collector, responders):
    with small_file_system(product.documents, 8 * MEBIBYTE):
        responders.start()
        token, _ = product.issued(app)
        retrieval = collector.begun(token)
        kept, more = pdf(), pdf()
        collector.uploaded(retrieval, "a.pdf", kept)
        remount(product.documents, "ro")
        answer = collector.upload(retrieval, "b.pdf", more)
        assert answer.status_code in (500, 503, 507), answer.text
        check_error(answer, answer.status_code, answer.json()["error"])
        assert str(product.documents) not in answer.text
        assert list(staged(product, retrieval)) == ["a.pdf"] and stored(product) == {sha256(kept)}
        assert product.token(app).status_code == 200
        remount(product.documents, "rw")
        collector.uploaded(retrieval, "b.pdf", more)
        assert collector.finished(retrieval)["document_count"] == 2
        erase(product, app, token)
        responders.stop_all()


@needs_root
def test_a_full_folder_of_nginx_is_507_as_well(product, collector, retrieval):
    folders = []

    def narrow(folder):
        (folder / "run/nginx-body").mkdir()
        shutil.chown(folder / "run/nginx-body", product.account)
        folders.append(folder / "run/nginx-body")

    with contextlib.ExitStack() as stack:
        def change(folder):
            narrow(folder)
            stack.enter_context(small_file_system(folders[0], MEBIBYTE))

        with another_nginx(product, change) as nginx, nginx.client() as client:
            try:
                url = f"{nginx.base_url()}/api/retrievals/{retrieval}/files/a.pdf"
                headers = {"Authorization": f"APIKEY {collector.key}"}
                for _ in range(3):
                    answer = client.put(url, content=pdf(4 * MEBIBYTE), headers=headers)
                    check_error(answer, 507, "insufficient_storage")
                assert client.put(url, content=pdf(MEBIBYTE // 2), headers=headers).status_code == 201
            finally:
                stack.close()
    assert list(staged(product, retrieval)) == ["a.pdf"]


def test_after_all_that_the_store_is_whole_and_the_lane_well(product, collector, retrieval):
    check_store(product)
    collector.uploaded(retrieval, "a.pdf", pdf())
    assert all(map(processes.is_running, product.responder_pids))
