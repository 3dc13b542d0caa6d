"""What reaches the responder: a listener in its place writes down every request that nginx passes on."""

import collections
import uuid

import pytest

import rawhttp
from nginxes import another_nginx
from played import Played
from test_hostile_http import REFUSED, SMUGGLERS, heads, smuggled

NAMES = {"REQUEST_METHOD", "DOCUMENT_URI", "CONTENT_TYPE", "CONTENT_LENGTH", "LATCHKEY_REQUEST_ID", "LATCHKEY_MODE",
         "LATCHKEY_RECEIVED"}


@pytest.fixture(scope="module")
def upstream(product):
    played = Played(product)
    try:
        with another_nginx(product, sockets=played.folder) as nginx:
            yield nginx, played.requests
    finally:
        played.close()


def check(requests):
    """Each is one of the two endpoints' and whole: its length is that of its body, and no name comes twice."""
    for values, body in requests:
        names = collections.Counter(name for name, _ in values)
        own = {name for name in names if not name.startswith("HTTP_")}
        assert own == NAMES, own
        assert all(names[name] == 1 for name in NAMES)
        values = dict(values)
        assert values["DOCUMENT_URI"] in ("/api/token", "/api/verify-token")
        assert values["LATCHKEY_MODE"] == "production"
        assert int(values["CONTENT_LENGTH"] or 0) == len(body) <= 16384
        assert "\0" not in "".join(values) + "".join(values.values())


def test_no_client_can_set_a_parameter(upstream):
    nginx, requests = upstream
    requests.clear()
    names = ["Proxy", "PROXY", "X-Real-IP", "Remote-Addr", "REMOTE_ADDR", "Remote_User", "Latchkey-Mode",
             "LATCHKEY_MODE", "Latchkey_Request_Id", "Request-Method", "REQUEST_METHOD", "Document-Uri", "DOCUMENT_URI",
             "Script_Filename", "CONTENT_LENGTH", "Content_Type", "HTTP_AUTHORIZATION", "X_Request_Id", "PATH",
             "LD_PRELOAD", "HTTP_PROXY", "Https"]
    lines = [f"{name}: forged-{number}".encode() for number, name in enumerate(names)]
    [answer] = rawhttp.exchange(nginx, heads(*lines, b"X-Seen: 1", b"Content-Length: 2", body=b"{}"))
    assert answer.status == 200
    [(values, body)] = requests
    check(requests)
    assert body == b"{}"
    values = dict(values)
    assert values["HTTP_X_SEEN"] == "1"
    for name in NAMES:
        assert "forged" not in values[name], name
    # A name with a line below it is no header at all; `Proxy` is left out for what libraries make of it.
    forged = {name for name, value in values.items() if "forged" in value}
    assert forged == {"HTTP_" + name.upper().replace("-", "_") for name in names
                      if "_" not in name and name.upper() != "PROXY"}


SMUGGLING = {name: (make(smuggled(b"inner")), None) for name, make in SMUGGLERS.items()}


@pytest.mark.parametrize("inputs", [REFUSED, SMUGGLING], ids=["hostile", "smuggling"])
def test_only_whole_requests_reach_the_responder(upstream, inputs):
    nginx, requests = upstream
    requests.clear()
    for name, (sent, _) in inputs.items():
        marker = f"after-{uuid.uuid4().hex}"
        answers = rawhttp.exchange(nginx, sent)
        assert answers, name
        for answer in answers:
            assert answer.status == 200 or rawhttp.check_refusal(answer) is None, name
        # Each request that came through was answered to who sent it: none is left in a connection to the responder.
        passed = [answer for answer in answers if answer.status == 200]
        assert len(requests) == len(passed), name
        check(requests)
        requests.clear()
        [answer] = rawhttp.exchange(nginx, heads(b"X-Request-Id: " + marker.encode(), b"Content-Length: 2", body=b"{}"))
        assert answer.status == 200 and answer.headers["x-request-id"] == marker, name
        [(values, body)] = requests
        assert dict(values)["LATCHKEY_REQUEST_ID"] == marker and body == b"{}", name
        requests.clear()
