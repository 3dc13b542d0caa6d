"""A supervisor and its instances: one that dies costs nobody anything, and is there again at once."""

import contextlib
import datetime
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

import fastcgi
import processes
import tokens
from traffic import Traffic, acts
from waiting import eventually, seconds_until

KILLS = 16
TWO = {"LATCHKEY_INSTANCES": "2"}


def pids_of(responder):
    """The instances that have been ready, by their numbers; the latest of each."""
    return {line["instance"]: int(line["pid"]) for line in responder.says("instance ready")}


def kill(responder, number):
    """Kills an instance and waits until another is ready in its place, which must have begun within a second."""
    victim = pids_of(responder)[number]
    os.kill(victim, signal.SIGKILL)

    def is_replaced():
        found = processes.children(responder.pid)
        return len(found) == 2 and victim not in found

    assert seconds_until(is_replaced, 1, "the dead instance is replaced") <= 1
    eventually(lambda: pids_of(responder)[number] != victim, 5, "the new instance is ready")
    assert set(pids_of(responder).values()) == set(processes.children(responder.pid))


def check(traffic):
    """No request is lost. - Returns: those that gave a token."""
    assert not traffic.failures()
    return [one for one in traffic.outcomes if one.name.endswith("issue")]


@pytest.mark.parametrize("handed_over", [False, True], ids=["sockets of its own", "sockets handed over"])
def test_kills_of_instances_lose_no_request_and_no_user(product, app, responders, handed_over):
    if handed_over:
        responders.bind()
    responder = responders.start(TWO)
    with Traffic(product, acts(product, app)) as traffic:
        for count in range(KILLS):
            traffic.wait_for(3)
            kill(responder, str(count % 2 + 1))
        traffic.wait_for(3)
    assert len(responder.says("instance ended")) == KILLS
    assert {line["signal"] for line in responder.says("instance ended")} == {"9"}
    answers = [one.answer.json() for one in check(traffic)]
    assert len(answers) > 3 * KILLS
    users = {answer["taiki_user_id"] for answer in answers}
    assert len(users) == len(answers)
    assert users <= product.users()
    # Forked processes make ids of their own.
    assert len({tokens.claims_of(answer["access_token"])["jti"] for answer in answers}) == len(answers)


def test_the_supervisor_has_one_thread_and_serves_nothing(product, app, responders):
    responder = responders.start(TWO)
    assert product.token(app).status_code == 200
    assert len(os.listdir(f"/proc/{responder.pid}/task")) == 1
    assert len(processes.children(responder.pid)) == 2
    # Three of the shell, a pipe of signals, three sockets.
    assert processes.descriptors(responder.pid) == 8


def test_a_supervisor_that_is_killed_leaves_no_instance(responders):
    responder = responders.start(TWO)
    instances = processes.children(responder.pid)
    assert len(instances) == 2
    responder.kill()
    eventually(lambda: not any(map(processes.is_running, instances)), 2, "the instances have ended, too")


@pytest.fixture
def own_keys(product):
    """A copy of the token keys, the account's own, and what makes latchkeyd use it."""
    source = Path(product["KEYS_FILE"])
    folder = product.parent / f"keys-{os.urandom(4).hex()}"
    folder.mkdir(mode=0o755)
    copy = folder / "tokens.jwks"
    copy.write_bytes(source.read_bytes())
    copy.chmod(0o600)
    for path in (folder, copy):
        with contextlib.suppress(PermissionError):
            os.chown(path, source.stat().st_uid, source.stat().st_gid)
    yield copy, {"LATCHKEY_KEYS_FILE": str(copy)}
    shutil.rmtree(folder)


def test_an_instance_that_cannot_start_is_tried_again_with_pauses_and_the_other_serves_on(
        product, app, responders, own_keys):
    keys, settings = own_keys
    responder = responders.start(TWO | settings)

    def failures():
        return [line for line in responder.says("instance ended") if line.get("status") == "1"]

    with Traffic(product, acts(product, app)) as traffic:
        traffic.wait_for(5)
        keys.chmod(0)
        os.kill(pids_of(responder)["1"], signal.SIGKILL)
        eventually(lambda: len(failures()) >= 6, 10, "six attempts have failed")
        keys.chmod(0o600)
        back = seconds_until(lambda: len(responder.says("instance ready")) == 3, 1, "the instance is there again")
        assert back <= 1
        traffic.wait_for(3)
    check(traffic)
    assert all("Permission denied" in line["reason"] for line in responder.says("cannot start"))
    times = [datetime.datetime.fromisoformat(line["time"]) for line in failures()]
    for earlier, later in zip(times, times[1:]):
        assert (later - earlier).total_seconds() >= 0.25


@contextlib.contextmanager
def alone(responder, pid):
    """All other instances are stopped within the block."""
    others = [other for other in processes.children(responder.pid) if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        for other in others:
            eventually(lambda: processes.state(other) == "T", 5, "the other instance is stopped")
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def test_a_reload_reaches_every_instance(product, app, responders, own_keys):
    keys, settings = own_keys
    responder = responders.start(TWO | settings)
    result = product.latchkey("key", "generate", environment=settings)
    assert result.returncode == 0, result.stderr
    [kid, key], *_ = tokens.read_keys(keys)
    product.secrets.add(tokens.base64url(key))
    token = tokens.signed(tokens.claims(app.client_app, app.client_app), (kid, key))

    def statuses():
        """On connections of their own, all at once: a stopped instance takes a wake-up or two, but accepts nothing."""
        connections = [fastcgi.connect(product["VERIFY_SOCKET"]) for _ in range(20)]
        for connection in connections:
            connection.sendall(fastcgi.request(fastcgi.verify_parameters(token)))
        found = {fastcgi.answer(connection)[0] for connection in connections}
        for connection in connections:
            connection.close()
        return found

    assert statuses() == {401}
    os.kill(responder.pid, signal.SIGHUP)
    [line] = eventually(lambda: responder.says("keys reloaded"), 5, "the keys are reloaded")
    assert line["token_key"] == kid
    for pid in processes.children(responder.pid):
        with alone(responder, pid):
            assert statuses() == {200}
    # An instance that comes later has them as well.
    kill(responder, "1")
    with alone(responder, pids_of(responder)["1"]):
        assert statuses() == {200}


def test_an_instance_that_cannot_start_ends_the_start(product, responders):
    try:
        # The first instance takes the only connection; the second has none to learn from what verify must know.
        product.sql("ALTER ROLE latchkey_application CONNECTION LIMIT 1")
        responder = responders.start(TWO, says_ready=False)
        assert responder.process.wait(timeout=20) == 1
    finally:
        product.sql("ALTER ROLE latchkey_application CONNECTION LIMIT -1")
    assert [line["message"] for line in responder.lines()] == ["instance ready", "cannot start"]
    assert "too many connections" in responder.lines()[1]["reason"]
    for name in ("VERIFY_SOCKET", "DATABASE_SOCKET", "UPLOAD_SOCKET"):
        assert not os.path.exists(product[name])


def test_an_instance_that_is_killed_before_it_is_ready_ends_the_start(product, responders):
    folder = product.parent / f"silent-{os.urandom(4).hex()}"
    folder.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / ".s.PGSQL.5432"))
        (folder / ".s.PGSQL.5432").chmod(0o777)
        silent.listen()
        responder = responders.start(
            TWO | {"LATCHKEY_DATABASE_CONNINFO": f"host={folder} dbname=latchkey user=latchkey_application"},
            says_ready=False)
        [instance] = eventually(lambda: processes.children(responder.pid), 5, "the first instance waits")
        os.kill(instance, signal.SIGKILL)
        assert responder.process.wait(timeout=20) == 1
    [line] = responder.lines()
    assert line["message"] == "cannot start" and "signal 9" in line["reason"]
