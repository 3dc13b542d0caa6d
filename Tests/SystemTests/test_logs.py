"""What the logs say of a request."""

import json
import os
import re
import uuid
from datetime import datetime
from pathlib import Path

import pytest

import processes
from waiting import eventually


def lines_about(path, request_id):
    return [line for line in map(json.loads, path.read_text().splitlines()) if line.get("request_id") == request_id]


def line_about(path, request_id):
    return eventually(lambda: lines_about(path, request_id), 5, f"a line about {request_id} in {path}")[0]


@pytest.mark.parametrize("header", ["X-Request-Id", "X-Correlation-Id"])
def test_one_id_is_in_the_answer_in_both_logs_and_in_the_table(product, app, header):
    name = f"from.the-caller_{uuid.uuid4().hex[:8]}"
    answer = product.token(app, headers={header: name})
    assert answer.headers["x-request-id"] == name
    user = answer.json()["taiki_user_id"]
    assert product.value(f"SELECT request_id FROM latchkey.users WHERE id = '{user}'") == name
    assert line_about(product.log, name)["client_app_id"] == app.client_app
    assert line_about(Path(product["NGINX_LOG"]), name)["path"] == "/api/token"


def test_a_new_id_is_in_the_answer_in_both_logs_and_in_the_table(product, app):
    answer = product.token(app)
    name = answer.headers["x-request-id"]
    assert product.value(f"SELECT count(*) FROM latchkey.users WHERE request_id = '{name}'") == "1"
    assert line_about(product.log, name)
    assert line_about(Path(product["NGINX_LOG"]), name)


def test_nginxs_own_errors_have_an_id_in_its_log(product):
    name = uuid.uuid4().hex
    answer = product.post(product.base_url() + "/nowhere", headers={"X-Request-Id": name})
    assert answer.headers["x-request-id"] == name
    assert line_about(Path(product["NGINX_LOG"]), name)["status"] == "404"


REFUSALS = {
    "wrong_secret": lambda product, app, header: product.token(app, api_secret="wrong", headers=header),
    "unknown_api_key": lambda product, app, header: product.token(app, api_key=str(uuid.uuid4()), headers=header),
    "malformed_api_key": lambda product, app, header: product.token(app, api_key="me", headers=header),
    "unknown_user": lambda product, app, header: product.token(app, taiki_user_id=str(uuid.uuid4()), headers=header),
    "missing_credentials": lambda product, app, header: product.token(app, api_key=None, headers=header),
    "wrong_member_type": lambda product, app, header: product.token(app, api_key=1, headers=header),
    "invalid_json": lambda product, app, header: product.post(
        product.base_url() + "/api/token", content=b"{", headers=header),
    "method_not_allowed": lambda product, app, header: product.client().get(
        product.base_url() + "/api/token", headers=header),
    "no_authorization": lambda product, app, header: product.post(
        product.base_url() + "/api/verify-token", headers=header),
    "malformed": lambda product, app, header: product.post(
        product.base_url() + "/api/verify-token", headers=header | {"Authorization": "Bearer x"}),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_request_is_one_line_with_all_that_is_promised(product, app, reason):
    name = uuid.uuid4().hex
    answer = REFUSALS[reason](product, app, {"X-Request-Id": name})
    line = line_about(product.log, name)
    assert datetime.fromisoformat(line["time"].replace("Z", "+00:00")).utcoffset().total_seconds() == 0
    assert line["level"] == "info"
    assert line["message"] == "request"
    assert line["endpoint"] in ("taiki_token", "taiki_verify_token")
    assert line["status"] == answer.status_code
    assert isinstance(line["duration_us"], int) and line["duration_us"] >= 0
    assert line["reason"] == reason
    assert len(lines_about(product.log, name)) == 1


def test_a_success_has_no_reason(product, app):
    name = uuid.uuid4().hex
    token, _ = product.issued(app, headers={"X-Request-Id": name})
    line = line_about(product.log, name)
    assert line["status"] == 200 and line["client_app_id"] == app.client_app
    assert "reason" not in line


def logs(product):
    found = [path for path in (product.state / "log").iterdir() if path.is_file()]
    assert len(found) > 5
    return found


@pytest.mark.last
def test_every_line_of_every_latchkeyd_and_of_nginx_is_one_json_object(product):
    checked = 0
    for path in logs(product):
        if not re.fullmatch(r"latchkeyd(-\w+)?\.log|nginx(-\d+)?\.access\.log", path.name):
            continue
        text = path.read_bytes()
        assert text.endswith(b"\n") or not text
        for line in text.splitlines():
            parsed = json.loads(line.decode("utf-8"))
            assert isinstance(parsed, dict)
            # No character that could steer a terminal or end a line.
            assert not re.search(rb"[\x00-\x1f\x7f]|\xe2\x80[\xa8\xa9]", line), line
            checked += 1
    assert checked > 1000


@pytest.mark.last
def test_no_answer_of_the_whole_run_was_a_fault_of_ours(product):
    for path in logs(product):
        if re.fullmatch(r"latchkeyd(-\w+)?\.log", path.name):
            for line in map(json.loads, path.read_text().splitlines()):
                if line["message"] == "request" and line["status"] >= 500:
                    # Asked for by a test: the database was away, the store full or not to be written to, or the
                    # parameter LATCHKEY_MODE left out.
                    assert line["status"] in (503, 507) or line["reason"] == "no_latchkey_mode_parameter" \
                        or line["reason"].endswith("Read-only file system"), line


@pytest.mark.last
def test_a_crash_would_leave_no_key_on_the_disk(product):
    pids = processes.family(product.responder_pid)
    assert len(pids) == 3
    for pid in pids:
        assert re.search(r"Max core file size\s+0\s+0\s", Path(f"/proc/{pid}/limits").read_text())
        # The kernel gives root what belongs to a process that must not be dumped, nor looked into.
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0


@pytest.mark.last
def test_private_files_are_private(product):
    for path in product.key_files:
        assert path.stat().st_mode & 0o777 == 0o600
    assert (product.state / "env").stat().st_mode & 0o777 == 0o600
