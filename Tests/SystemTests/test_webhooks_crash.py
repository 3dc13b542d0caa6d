"""Webhooks while senders come and go, the database is killed, and receivers fail: every one arrives, under one id."""

import random
import signal
import threading
import time

import pytest

import processes
from receivers import Receiver
from waiting import eventually

# How long a sender that was killed keeps what it had taken, and some more.
LEASE_SECONDS = 45


@pytest.fixture
def receiver(authority, announcements, senders):
    announcements.forget()
    running = Receiver(authority.issue("DNS:localhost", "IP:127.0.0.1"))
    yield running
    senders.stop_all()
    running.close()


def url(receiver, path):
    return f"https://127.0.0.1:{receiver.port}{path}"


def delivered(product):
    return int(product.value("SELECT count(*) FROM latchkey.webhook_deliveries WHERE state = 'delivered'"))


def test_dead_and_slow_apps_keep_nobody_waiting(senders, receiver, announcements):
    apps = {path: announcements.app(url(receiver, path)) for path in ("/dead", "/slow", "/one", "/two", "/three")}
    receiver.answers["/dead"] = 500
    opened = threading.Event()
    receiver.answers["/slow"] = lambda handler, received: (opened.wait(20), handler.reply(204))
    # The failing and the slow one first, and with more than may be under way at a time.
    ids = {path: announcements.finish(app, user, count=40) for path, (app, user, _) in apps.items()}
    sender = senders.start({"LATCHKEY_WEBHOOK_CONCURRENCY": "8"})
    healthy = ("/one", "/two", "/three")
    eventually(lambda: all(len(receiver.at(path)) == 40 for path in healthy), 60, "the others' arrive")
    # The slow one still has its first under way, no more than one app may; the dead one has had a few.
    assert len(receiver.at("/slow")) == 4
    assert 1 <= len(receiver.at("/dead")) <= 8
    opened.set()
    eventually(lambda: len(receiver.at("/slow")) == 40, 60, "the slow one's arrive")
    for path in (*healthy, "/slow"):
        assert sorted(one.id for one in receiver.at(path)) == sorted(ids[path])
    assert sender.stop() == 0


def test_deliveries_of_an_app_go_in_their_order(senders, receiver, announcements):
    app, user, _ = announcements.app(url(receiver, "/order"))
    ids = announcements.finish(app, user, count=30)
    senders.start({"LATCHKEY_WEBHOOK_PER_APP": "1"})
    eventually(lambda: len(receiver.at("/order")) == 30, 60)
    numbers = [one.json["data"]["id"] for one in receiver.at("/order")]
    assert numbers == sorted(numbers) and [one.id for one in receiver.at("/order")] == ids


def test_two_senders_send_nothing_twice(senders, receiver, announcements, product):
    # Neither can take all that may be under way.
    both = [senders.start({"LATCHKEY_WEBHOOK_CONCURRENCY": "2"}) for _ in range(2)]
    apps = [announcements.app(url(receiver, f"/both{number}")) for number in range(4)]
    ids = [one for app, user, _ in apps for one in announcements.finish(app, user, count=100)]
    eventually(lambda: delivered(product) == len(ids), 60)
    assert sorted(one.id for one in receiver.received) == sorted(ids)
    assert all(one.says("delivery") for one in both), "both had a part in it"


def test_killed_senders_lose_nothing(senders, receiver, announcements, product):
    apps = [announcements.app(url(receiver, f"/kill{number}")) for number in range(4)]
    ids, over = [], threading.Event()

    def stream():
        while not over.is_set():
            for app, user, _ in apps:
                ids.extend(announcements.finish(app, user, count=5))

    # Half of them hear nothing for a while, so that each kill finds some under way.
    receiver.answers |= {f"/kill{number}": lambda handler, received: (
        time.sleep(random.random() / 5), handler.reply(204)) for number in (0, 1)}
    thread = threading.Thread(target=stream)
    thread.start()
    try:
        for _ in range(8):
            sender = senders.start(says_ready=False)
            time.sleep(random.uniform(0.05, 1.5))
            sender.kill()
    finally:
        over.set()
        thread.join()
    sender = senders.start()
    eventually(lambda: delivered(product) == len(ids), LEASE_SECONDS + 60, "all are delivered")
    received = [one.id for one in receiver.received]
    assert set(received) == set(ids)
    # Again only what a killed one had under way: so many at most for each of the four apps at each kill.
    assert len(received) - len(ids) <= 8 * 4 * 4
    assert sender.stop() == 0


def test_killed_database_loses_nothing(senders, receiver, announcements, database):
    app, user, _ = announcements.app(url(receiver, "/database"))
    other, other_user, _ = announcements.app(url(receiver, "/database2"))
    ids = announcements.finish(app, user, count=60)
    ids += announcements.finish(other, other_user, count=60)
    receiver.answers["/database"] = lambda handler, received: (time.sleep(0.1), handler.reply(204))
    sender = senders.start()
    eventually(lambda: len(receiver.received) > 70, 60)
    for process in processes.family(database.postgres_pid):
        try:
            processes.os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    eventually(lambda: sender.says("nothing is sent without the database"), 20)
    assert sender.process.poll() is None
    database.start_postgres()
    eventually(lambda: delivered(database) == len(ids), LEASE_SECONDS + 60, "all are delivered")
    assert {one.id for one in receiver.received} == set(ids)
    assert sender.says("the database is back")
    assert sender.stop() == 0


def test_stop_lets_end_what_is_under_way(senders, receiver, announcements, product):
    app, user, _ = announcements.app(url(receiver, "/stop"))
    release = threading.Event()
    receiver.answers["/stop"] = lambda handler, received: (release.wait(8), handler.reply(204))
    ids = announcements.finish(app, user, count=12)
    sender = senders.start()
    eventually(lambda: len(receiver.received) == 4, 20)
    sender.process.send_signal(signal.SIGTERM)
    eventually(lambda: sender.says("draining"), 10)
    release.set()
    assert sender.process.wait(timeout=20) == 0
    assert delivered(product) == 4 and len(receiver.received) == 4
    # The next one takes what is left, at once.
    senders.start()
    eventually(lambda: delivered(product) == 12, 20)
    assert sorted(one.id for one in receiver.received) == sorted(ids)


def test_stop_gives_back_what_does_not_end(senders, receiver, announcements, product):
    """Nearly never: an attempt ends within the time that a stop takes."""
    app, user, _ = announcements.app(url(receiver, "/hang"))
    receiver.answers["/hang"] = lambda handler, received: time.sleep(30)
    [delivery] = announcements.finish(app, user)
    sender = senders.start()
    eventually(lambda: receiver.received, 20)
    assert sender.stop() == 0
    found = announcements.of(delivery)
    assert found["is_claimed"] in ("", "f") and found["state"] == "pending"


def test_keys_are_read_again(senders, receiver, announcements, product):
    app, user, secret = announcements.app(url(receiver, "/keys"))
    sender = senders.start()
    sender.process.send_signal(signal.SIGHUP)
    eventually(lambda: sender.says("keys reloaded"), 10)
    [delivery] = announcements.finish(app, user)
    announcements.within(delivery, state="delivered")


def test_no_thread_or_descriptor_is_left_behind(senders, receiver, announcements, product):
    """By name, so that each attempt has a thread for its lookup; half of them fail."""
    app, user, _ = announcements.app(f"https://localhost:{receiver.port}/many")
    other, other_user, _ = announcements.app("https://receiver.invalid/")
    sender = senders.start()
    announcements.finish(app, user, count=10)
    eventually(lambda: delivered(product) == 10, 30)
    before = processes.descriptors(sender.pid)
    announcements.finish(other, other_user, count=5)
    announcements.finish(app, user, count=300)
    eventually(lambda: delivered(product) == 310, 60)
    eventually(lambda: processes.descriptors(sender.pid) <= before + 4, 20, "all connections are closed")
    assert processes.resident_kilobytes(sender.pid) < 256 * 1024
