"""latchkeyd when nobody takes its log: the disk is full, standard error is closed, or the reader is slow."""

import json
import os
import threading

import pytest

import processes
import rawhttp
from responders import in_place_of_latchkeyd
from shell_started import latchkeyd
from waiting import seconds_until

REFUSED = b"POST /api/verify-token HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: log-trouble\r\n\r\n"


@pytest.fixture(scope="module", autouse=True)
def place(product):
    with in_place_of_latchkeyd(product):
        yield


def use(product, app, count=12000):
    """More requests than the log may hold back, then good ones, at once."""
    assert set(rawhttp.flood(product, REFUSED, count)) == {401}
    for _ in range(20):
        token, _ = product.issued(app)
        assert seconds_until(lambda token=token: product.verify(token).status_code == 200, 1, "a good verify") <= 1


def family_memory(pid):
    return sum(processes.resident_kilobytes(one) for one in processes.family(pid))


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "0<&- 1>&- 2>&-"],
                         ids=["full disk", "closed", "all closed"])
def test_a_log_that_cannot_be_written_disturbs_no_request(product, app, redirection):
    with latchkeyd(product, behind=redirection) as process:
        use(product, app, 2000)
        memory = family_memory(process.pid)
        use(product, app)
        assert family_memory(process.pid) - memory < 4 * 1024


def test_a_reader_that_is_slow_loses_lines_and_disturbs_no_request(product, app):
    reading, writing = os.pipe()
    try:
        with latchkeyd(product, stderr=writing) as process:
            os.close(writing)
            writing = None
            # Nobody reads: the pipe is full after 64 KiB, and what the responder keeps meanwhile after a MiB.
            use(product, app)
            memory = family_memory(process.pid)
            use(product, app)
            assert family_memory(process.pid) - memory < 4 * 1024
            # The reader is back, and finds whole lines, among them how many are missing.
            with open(reading, "rb", closefd=False) as log:
                text = []
                reader = threading.Thread(target=lambda: text.extend(log), daemon=True)
                reader.start()
                token, _ = product.issued(app)
                process.terminate()
                assert process.wait(timeout=20) == 0
                reader.join(timeout=10)
        lines = [json.loads(line) for line in text]
        dropped = [line for line in lines if line["message"] == "log lines were dropped"]
        assert dropped and sum(int(line["lines"]) for line in dropped) > 1000
        assert any(line["message"] == "stopped" for line in lines)
    finally:
        os.close(reading)
        if writing is not None:
            os.close(writing)
