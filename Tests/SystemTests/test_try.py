"""deploy/try: starting, stopping, keeping and deleting its data, beside the product that all other tests use."""

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import processes
from product import CHECKOUT, Product, free_ports
from waiting import eventually


@pytest.fixture(scope="module")
def second(product):
    """Another Latchkey, with a folder and ports of its own, side by side with the first."""
    another = Product()
    try:
        another.first_output = another.start().stdout
        yield another
    finally:
        another.stop("--fresh")
        assert not another.leftovers()
        another.remove()


NAMES = [
    "BASE_URL", "PRODUCTION_URL", "SANDBOX_URL", "CA_FILE", "CLIENT_APP", "API_KEY", "API_SECRET", "COLLECTOR_KEY",
    "WEBHOOK_SECRET", "SANDBOX_USER_ID", "VERIFY_SOCKET", "DATABASE_SOCKET", "UPLOAD_SOCKET", "PID", "NGINX_PID",
    "WEBHOOKS_PID", "KEYS_FILE", "SECRET_HASH_KEYS_FILE", "DOWNLOAD_KEYS_FILE", "WEBHOOK_KEYS_FILE",
    "DOCUMENTS_FOLDER", "DATABASE_URL", "LOG", "NGINX_LOG", "WEBHOOKS_LOG", "RECEIVER_LOG", "DEMO_URL",
    "SANDBOX_BANK_LOG",
]
SAMPLES = sorted((CHECKOUT / "deploy/samples").glob("*.pdf"))


def demo_retrievals(of):
    """How many retrievals there are for the user whose documents are recorded at the first start."""
    return of.value(f"SELECT count(*) FROM latchkey.retrievals WHERE user_id = '{of['SANDBOX_USER_ID']}'")


def test_env_has_all_that_is_promised(second):
    for name in NAMES:
        assert second[name], name
    assert second["BASE_URL"] == f"https://localhost:{second.port}"
    assert second["SANDBOX_URL"] == f"https://localhost:{second.port + 1}"
    assert second["DEMO_URL"] == f"https://localhost:{second.port + 1}/demo/"
    assert second["CLIENT_APP"] == second.client_app_of(second["API_KEY"])
    for pid in (second["PID"], second["NGINX_PID"], second["WEBHOOKS_PID"]):
        assert processes.is_running(int(pid))
    result = second.latchkey("app", "list")
    assert result.returncode == 0 and "Demo" in result.stdout


def test_the_start_shows_steps_and_both_commands_with_their_answers(second):
    text = second.first_output
    for word in ("packages", "build", "postgresql", "migrations", "keys", "certificate", "demo app", "collectors",
                 "latchkeyd", "nginx", "receiver", "webhooks", "sandbox bank", "demo company", "first token",
                 "retrieval", "prior year", second["DEMO_URL"], "/api/token", "/api/verify-token", "/api/prior-year",
                 '"access_token"', '"taiki_user_id"', '"valid"', '"platforms"', '"download_url"',
                 "200 application/pdf, "):
        assert word in text, word
    for name in ("API_SECRET", "COLLECTOR_KEY", "WEBHOOK_SECRET"):
        assert second[name] not in text, name


def test_a_retrieval_of_two_documents_is_recorded_and_announced_once(second):
    assert demo_retrievals(second) == "1"
    stored = [path for path in Path(second["DOCUMENTS_FOLDER"]).rglob("*") if path.is_file()]
    assert sorted(path.read_bytes() for path in stored) == sorted(path.read_bytes() for path in SAMPLES)
    assert (second.state / "sample.pdf").read_bytes() == SAMPLES[-1].read_bytes()
    received = Path(second["RECEIVER_LOG"]).read_text()
    for word in (second["SANDBOX_USER_ID"], *(path.name for path in SAMPLES)):
        assert word in received
        # What the receiver says is shown, too.
        assert word in second.first_output.partition("webhook, of which")[2]
    assert second.sql("SELECT state, count(*) FROM latchkey.webhook_deliveries GROUP BY 1") == [["delivered", "1"]]


def test_the_samples_are_the_documents_that_their_program_makes(tmp_path):
    shutil.copy(CHECKOUT / "deploy/samples/make.py", tmp_path)
    subprocess.run(["python3", str(tmp_path / "make.py")], check=True, timeout=30)
    assert [path.name for path in SAMPLES] == ["1099_DIV.pdf", "1099_INT.pdf"]
    for path in SAMPLES:
        content = path.read_bytes()
        assert content == (tmp_path / path.name).read_bytes()
        assert content.startswith(b"%PDF-") and content.endswith(b"%%EOF\n") and b"(SAMPLE)" in content
        # Its table is where it says, and each object where the table says.
        start = int(content.split()[-2])
        table = re.search(rb"stream\n([0-9A-F\n]+)>", content[start:])[1].split()
        for number, place in list(enumerate(table))[1:]:
            assert content[int(place[2:6], 16):].startswith(b"%d 0 obj\n" % number)


def test_a_reader_of_pdfs_opens_the_samples_and_finds_what_they_are():
    for path, form in zip(SAMPLES, ("1099-DIV", "1099-INT")):
        read = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, timeout=30)
        # It tells of what it had to mend.
        assert read.returncode == 0 and read.stderr == ""
        assert read.stdout.startswith(f"SAMPLE\nForm {form}\n")


def test_the_demo_page_and_its_company_answer_with_what_a_browser_needs(second):
    page = second.request("GET", second["DEMO_URL"])
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    for name, kind in (("demo.js", "text/javascript; charset=utf-8"), ("demo.css", "text/css; charset=utf-8"),
                       ("icon.svg", "image/svg+xml")):
        assert name in page.text
        file = second.request("GET", second["DEMO_URL"] + name)
        assert file.status_code == 200 and file.headers["content-type"] == kind
    # Production has no such pages.
    assert second.request("GET", second["PRODUCTION_URL"] + "/demo/").status_code == 404
    company = second["DEMO_URL"] + "company/"
    answer = second.post(company + "token", json={"user": ""})
    assert answer.status_code == 200 and second["API_SECRET"] not in answer.text
    assert answer.json()["status"] == 200 and answer.json()["answer"]["temporaryToken"]
    # Who calls it by another name, as a page of another site would, gets nothing.
    assert second.post(f"http://127.0.0.1:{second.port + 3}/demo/company/token", json={}).status_code == 404
    # Nor does it believe a webhook that is not signed.
    forged = {"status": "success", "data": {"client_id": "x"}, "files": []}
    assert second.post(f"http://127.0.0.1:{second.port + 3}/webhook", json=forged).status_code == 401


def test_the_commands_that_it_shows_work_when_pasted(second):
    lines = second.first_output.splitlines()
    shown = [line.strip() for line in lines]
    start = next(index for index, line in enumerate(shown) if line.startswith(". "))
    end = next(index for index, line in enumerate(shown) if "webhook, of which" in line)
    # What is indented, but for the answers.
    commands = [line for line in lines[start:end] if re.match(r' {4}(?! *([]{}[]|"\w+":|200 ))', line)]
    result = subprocess.run(
        ["sh", "-eu"], input="\n".join(commands), env={"PATH": os.environ["PATH"]}, cwd=CHECKOUT,
        capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    for words in ('"access_token"', '"valid":true', '"document_count":2', "200 application/pdf, "):
        assert words in result.stdout, words


def test_two_run_side_by_side_and_know_nothing_of_each_other(product, second):
    assert second["API_KEY"] != product["API_KEY"]
    assert product.token(second.demo).status_code == 401
    token, _ = second.issued(second.demo)
    assert second.verify(token).status_code == 200
    assert product.verify(token).status_code == 401


def test_a_start_of_what_runs_changes_nothing(second):
    pids = second["PID"], second["NGINX_PID"], second["WEBHOOKS_PID"], second.postgres_pid
    result = second.start()
    assert (second["PID"], second["NGINX_PID"], second["WEBHOOKS_PID"], second.postgres_pid) == pids
    assert '"download_url"' in result.stdout
    assert demo_retrievals(second) == "1"


@pytest.mark.parametrize(
    "service", ["latchkeyd", "latchkey-webhooks", "webhook-receiver", "sandbox-bank", "demo-company"])
def test_a_start_starts_what_is_down(second, service):
    processes.stop(int((second.state / f"run/{service}.pid").read_text()), signal.SIGKILL)
    result = second.run_try("status")
    assert result.returncode == 3 and re.search(rf"^ +{service} +does not run$", result.stdout, re.MULTILINE)
    second.start()
    assert second.token(second.demo).status_code == 200
    assert second.run_try("status").returncode == 0


def test_a_stop_leaves_no_process_and_the_next_start_finds_the_data(second):
    names = ("API_KEY", "CLIENT_APP", "COLLECTOR_KEY", "WEBHOOK_SECRET", "SANDBOX_USER_ID")
    kept, keys = [second[name] for name in names], second.key_files[0].read_bytes()
    token, user = second.issued(second.demo)
    second.stop()
    assert not second.leftovers()
    assert not list((second.state / "run").glob("*.sock"))
    second.start()
    assert [second[name] for name in names] == kept and second.key_files[0].read_bytes() == keys
    assert demo_retrievals(second) == "1"
    assert second.verify(token).status_code == 200
    assert second.token(second.demo, taiki_user_id=user).status_code == 200


def test_fresh_starts_over(second):
    key, keys = second["API_KEY"], second.key_files[0].read_bytes()
    token, _ = second.issued(second.demo)
    second.start("--fresh")
    assert second["API_KEY"] != key and second.key_files[0].read_bytes() != keys
    assert second.verify(token).status_code == 401
    assert second.value("SELECT count(*) FROM latchkey.client_apps") == "1"


def test_in_the_foreground_it_stays_until_ctrl_c_and_leaves_nothing_behind(second):
    second.stop()
    process = subprocess.Popen(
        **second.try_command("--port", str(second.port)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True)
    output = ""
    for line in process.stdout:
        output += line
        if "Ctrl-C stops it" in line:
            break
    assert process.poll() is None, output
    second.read_environment()
    assert second.token(second.demo).status_code == 200
    # An instance that dies is not the end: the supervisor starts another.
    pids = second.responder_pids
    os.kill(pids[0], signal.SIGKILL)
    eventually(lambda: len(second.responder_pids) == 2 and pids[0] not in second.responder_pids, 1, "there is another")
    assert second.token(second.demo).status_code == 200
    os.kill(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output + rest
    assert "Stopped" in rest
    assert not second.leftovers()
    second.start()


def test_in_the_foreground_it_says_so_when_a_part_dies(second):
    second.stop()
    process = subprocess.Popen(
        **second.try_command("--port", str(second.port)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True)
    output = ""
    for line in process.stdout:
        output += line
        if "Ctrl-C stops it" in line:
            break
    assert process.poll() is None, output
    second.read_environment()
    processes.stop(int(second["PID"]), signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "latchkeyd died" in rest
    assert not second.leftovers()
    second.start()


@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_a_port_in_use_says_so_and_leaves_nothing_behind(offset):
    other = Product(free_ports())
    try:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", other.port + offset))
            taken.listen()
            result = other.run_try("--detach", "--port", str(other.port))
        assert result.returncode == 1
        assert f"port {other.port + offset} is in use" in result.stderr
        assert not other.leftovers()
    finally:
        other.remove()


@pytest.mark.parametrize("words", [
    ["--port"], ["--port", "x"], ["--port", "80"], ["--port", "65533"], ["--port", "99999"],
    ["--prot", "8443"], ["start"],
], ids=" ".join)
def test_a_wrong_argument_is_64(words):
    other = Product()
    try:
        result = other.run_try(*words)
        assert result.returncode == 64
        assert result.stderr.startswith("deploy/try: ")
        assert not other.state.exists()
    finally:
        other.remove()


def test_a_folder_that_is_not_its_own_is_left_alone():
    other = Product()
    try:
        other.state.mkdir()
        (other.state / "precious").write_text("precious")
        for words in (["--detach"], ["--detach", "--fresh"], ["stop", "--fresh"]):
            result = other.run_try(*words)
            assert result.returncode == 1, words
            assert "not made by this program" in result.stderr
        assert (other.state / "precious").read_text() == "precious"
    finally:
        other.remove()


def test_there_is_nothing_to_stop_where_nothing_was_started():
    other = Product()
    try:
        assert other.run_try("stop").returncode == 0
        assert other.run_try("status").returncode == 3
        assert not other.state.exists()
    finally:
        other.remove()


def test_a_failed_step_says_what_failed_and_where_its_log_is():
    other = Product()
    try:
        # A toolchain that starts and builds nothing.
        swift = other.parent / "bin" / "swift"
        swift.parent.mkdir()
        swift.write_text('#!/bin/sh\n[ "$*" != "build --version" ] || exit 0\necho "no such module"\nexit 1\n')
        swift.chmod(0o755)
        command = other.try_command("--detach", "--port", str(other.port))
        command["env"]["PATH"] = f"{swift.parent}:{command['env']['PATH']}"
        result = subprocess.run(**command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        assert result.returncode == 1
        assert re.search(r"^ +build +failed$", result.stdout, re.MULTILINE)
        assert 'the step "build" failed' in result.stderr and "no such module" in result.stderr
        log = re.search(r"Its whole log: (\S+)", result.stderr)[1]
        with open(log) as text:
            assert "no such module" in text.read()
        assert not other.leftovers()
    finally:
        other.remove()


def test_an_interrupted_start_leaves_no_process_behind():
    other = Product()
    try:
        process = subprocess.Popen(
            **other.try_command("--detach", "--port", str(other.port)), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        for line in process.stdout:
            if line.lstrip().startswith("postgresql"):
                break
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=120)
        assert process.returncode == 143
        eventually(lambda: not other.leftovers(), 10, "no process is left")
        other.stop("--fresh")
    finally:
        other.remove()


def test_it_needs_neither_a_home_nor_a_language_nor_a_folder(second):
    command = second.try_command("status")
    command["env"] = {"LATCHKEY_TRY_DIR": str(second.state), "PATH": os.environ["PATH"]}
    command["cwd"] = "/"
    assert subprocess.run(**command, capture_output=True, timeout=60).returncode == 0
