"""deploy/try: starting, stopping, keeping and deleting its data, beside the product that all other tests use."""

import os
import re
import signal
import socket
import subprocess

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
    "BASE_URL", "SANDBOX_URL", "CA_FILE", "API_KEY", "API_SECRET", "VERIFY_SOCKET", "DATABASE_SOCKET", "PID",
    "NGINX_PID", "KEYS_FILE", "DATABASE_URL", "LOG", "NGINX_LOG",
]


def test_env_has_all_that_is_promised(second):
    for name in NAMES:
        assert second[name], name
    assert second["BASE_URL"] == f"https://localhost:{second.port}"
    assert second["SANDBOX_URL"] == f"https://localhost:{second.port + 1}"
    for pid in (second["PID"], second["NGINX_PID"]):
        assert processes.is_running(int(pid))
    result = second.latchkey("app", "list")
    assert result.returncode == 0 and "Demo" in result.stdout


def test_the_start_shows_steps_and_both_commands_with_their_answers(second):
    text = second.first_output
    for word in ("packages", "build", "postgresql", "migrations", "keys", "certificate", "demo app", "latchkeyd",
                 "nginx", "first token", "/api/token", "/api/verify-token", '"access_token"', '"taiki_user_id"',
                 '"valid"'):
        assert word in text, word
    assert second["API_SECRET"] not in text


def test_the_commands_that_it_shows_work_when_pasted(second):
    lines = second.first_output.splitlines()
    shown = [line.strip() for line in lines]
    start = next(index for index, line in enumerate(shown) if line.startswith(". "))
    commands = [line for line in lines[start:] if not re.match(r"\s*[{}\"]", line)]
    end = next(index for index, line in enumerate(commands) if line.startswith("production"))
    result = subprocess.run(
        ["sh", "-eu"], input="\n".join(commands[:end]), env={"PATH": os.environ["PATH"]}, cwd=CHECKOUT,
        capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert '"access_token"' in result.stdout and '"valid":true' in result.stdout


def test_two_run_side_by_side_and_know_nothing_of_each_other(product, second):
    assert second["API_KEY"] != product["API_KEY"]
    assert product.token(second.demo).status_code == 401
    token, _ = second.issued(second.demo)
    assert second.verify(token).status_code == 200
    assert product.verify(token).status_code == 401


def test_a_start_of_what_runs_changes_nothing(second):
    pids = second["PID"], second["NGINX_PID"], second.postgres_pid
    second.start()
    assert (second["PID"], second["NGINX_PID"], second.postgres_pid) == pids


def test_a_start_starts_what_is_down(second):
    processes.stop(int(second["PID"]), signal.SIGKILL)
    assert second.run_try("status").returncode == 3
    second.start()
    assert second.token(second.demo).status_code == 200
    assert second.run_try("status").returncode == 0


def test_a_stop_leaves_no_process_and_the_next_start_finds_the_data(second):
    key, keys = second["API_KEY"], second.key_files[0].read_bytes()
    token, user = second.issued(second.demo)
    second.stop()
    assert not second.leftovers()
    assert not list((second.state / "run").glob("*.sock"))
    second.start()
    assert second["API_KEY"] == key and second.key_files[0].read_bytes() == keys
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


@pytest.mark.parametrize("offset", [0, 1])
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
    ["--port"], ["--port", "x"], ["--port", "80"], ["--port", "65535"], ["--port", "99999"],
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
