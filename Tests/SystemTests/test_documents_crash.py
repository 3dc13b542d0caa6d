"""Responders and PostgreSQL are killed while collectors work; afterwards it is counted what is there."""

import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

import processes
from collectors import check_store, documents, download, last_year, pdf, place, sha256, stored
from traffic import Traffic
from waiting import eventually

TWO = {"LATCHKEY_INSTANCES": "2"}
COLLECTORS = 4


@pytest.fixture(scope="module")
def announced(product):
    """An app that hears of its retrievals, at an address where nobody is."""
    own = product.create_app("Announced in a crash")
    product.administer("webhook", "configure", own.client_app, "--url", "https://127.0.0.1:1/hook")
    return own


@dataclass
class Work:
    """What became of a retrieval, as its collector knows it."""
    token: str
    retrieval: str = None
    sent: dict = field(default_factory=dict)
    acknowledged: dict = field(default_factory=dict)
    finished: bool = False


class Diligent:
    """A collector that asks again until it has an answer."""

    def __init__(self, product, app, collector):
        self.product, self.app, self.collector = product, app, collector
        self.works, self.lock, self.random = [], threading.Lock(), random.Random(4)

    def until(self, good, call):
        for _ in range(300):
            answer = call()
            if answer.status_code != 503:
                break
            time.sleep(0.05)
        assert answer.status_code == good, (answer.status_code, answer.text)
        return answer

    def retrieve(self, client):
        """One whole retrieval; an act of Traffic."""
        product, collector = self.product, self.collector
        token = self.until(200, lambda: product.token(self.app, client=client)).json()["access_token"]
        work = Work(token)
        with self.lock:
            self.works.append(work)
        work.retrieval = self.until(201, lambda: collector.begin(token, client=client)).json()["id"]
        for number in range(3):
            content = pdf(self.random.choice([100, 5000, 70_000, 200_000]))
            name = f"{number}.pdf"
            work.sent[name] = content
            answer = self.until(201, lambda: collector.upload(work.retrieval, name, content, client=client))
            assert answer.json()["sha256"] == sha256(content)
            work.acknowledged[name] = content
        answer = self.until(200, lambda: collector.finish(work.retrieval, client=client))
        assert answer.json()["document_count"] == 3
        work.finished = True
        return answer


def kill_instance(product, responder):
    victims = processes.children(responder.pid)
    os.kill(victims[0], signal.SIGKILL)
    eventually(lambda: len(set(processes.children(responder.pid)) - {victims[0]}) == 2, 5, "it is replaced")


def kill_postgres(product):
    os.kill(product.postgres_pid, signal.SIGKILL)
    product.start_postgres()


def maintain(product, settings=None):
    result = product.latchkey("maintenance", "run", environment=settings)
    assert result.returncode == 0, result.stderr
    return result


def referenced(product):
    return {row[0] for row in product.sql("""
        SELECT encode(sha256, 'hex') FROM latchkey.documents
        UNION SELECT encode(sha256, 'hex') FROM latchkey.retrieval_files""")}


def test_nothing_acknowledged_is_missing_and_nothing_is_announced_twice_after_kills(
        product, announced, collector, responders, later):
    before = stored(product) - referenced(product)
    responders.bind()
    responder = responders.start(TWO)
    diligent = Diligent(product, announced, collector)
    with Traffic(product, [diligent.retrieve] * COLLECTORS) as traffic:
        for number in range(12):
            traffic.wait_for(1, within=60)
            time.sleep(diligent.random.random() / 10)
            if number % 4 == 3:
                kill_postgres(product)
            elif number % 4 == 1:
                # The supervisor, and its instances with it.
                instances = processes.children(responder.pid)
                responder.kill()
                eventually(lambda: not any(map(processes.is_running, instances)), 5, "the instances have ended, too")
                responder = responders.start(TWO)
            else:
                kill_instance(product, responder)
        traffic.wait_for(1, within=60)
    assert not traffic.failures()
    works = diligent.works
    assert len([work for work in works if work.finished]) > 12 * COLLECTORS

    # Every acknowledged file is there and whole, every acknowledged finish is listed.
    for work in works:
        if work.finished:
            found = documents(product, work.token)
            assert set(found) == set(work.sent)
            for name, content in work.sent.items():
                answer = download(product, found[name]["download_url"])
                assert (answer.status_code, answer.content) == (200, content)
        for content in work.acknowledged.values():
            assert sha256(place(product, content).read_bytes()) == sha256(content)
    check_store(product)

    # Every finished retrieval is announced under one id; so are those whose finish nobody heard of.
    app = announced.client_app
    ends = dict(product.sql(f"SELECT id, status FROM latchkey.retrievals WHERE client_app_id = '{app}'"))
    announcements = Counter(row[0] for row in product.sql(
        f"SELECT retrieval_id FROM latchkey.webhook_deliveries WHERE client_app_id = '{app}'"))
    assert {work.retrieval for work in works if work.finished} <= {
        retrieval for retrieval, status in ends.items() if status == "success"}
    assert announcements == Counter(retrieval for retrieval, status in ends.items() if status == "success")
    assert set(ends.values()) <= {"open", "success"}

    # What is left over was sent and not acknowledged, and goes in its time; nothing else does.
    needed = referenced(product)
    assert needed <= stored(product)
    left = stored(product) - needed - before
    assert left <= {sha256(content) for work in works for content in work.sent.values()}
    planted = pdf()
    path = place(product, planted)
    if not path.parent.exists():
        path.parent.mkdir(mode=0o2750)
        shutil.chown(path.parent, product.account)
    path.write_bytes(planted)
    shutil.chown(path, product.account)
    maintain(product)
    assert path.exists(), "a file that is new may be one that a collector is about to be told of"
    maintain(product, later)
    assert stored(product) == needed
    for work in works[:10]:
        if work.finished:
            document = documents(product, work.token)["0.pdf"]
            assert download(product, document["download_url"]).content == work.sent["0.pdf"]


def test_maintenance_beside_uploads_removes_nothing_that_is_acknowledged(product, announced, collector, later):
    """It thinks that everything is old, and collectors bring what was there before and what was not."""
    diligent = Diligent(product, announced, collector)
    contents = [pdf(1000) for _ in range(6)]
    kept = {}

    def again(client):
        """The same few contents come and go."""
        token, user = product.issued(announced)
        retrieval = collector.begun(token, tax_year=last_year(), client=client)
        content = diligent.random.choice(contents)
        collector.uploaded(retrieval, "a.pdf", content, client=client)
        answer = collector.finish(retrieval, client=client)
        found = documents(product, token)["a.pdf"]
        assert download(product, found["download_url"], client=client).content == content
        if diligent.random.random() < 0.7:
            product.administer("user", "erase", user, "--app", announced.client_app)
        else:
            kept[token] = content
        return answer

    settings = later
    with Traffic(product, [again] * 3) as traffic:
        for _ in range(8):
            traffic.wait_for(1)
            maintain(product, settings)
    assert not traffic.failures()
    assert kept
    for token, content in kept.items():
        assert download(product, documents(product, token)["a.pdf"]["download_url"]).content == content
    check_store(product)
