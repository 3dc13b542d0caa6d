"""One product for all tests, and what they share of it."""

import os
import shutil
import signal
import struct
import subprocess
from pathlib import Path

import pytest

from collectors import PLATFORMS, new_collector
from prepared import Prepared
from product import CHECKOUT, Product
from receivers import Announcements, Authority, Receiver, in_place_of_sender
from responders import in_place_of_latchkeyd
from waiting import eventually

# Where the logs go when a test fails: the product's own folder is deleted.
KEPT_LOGS = CHECKOUT / ".build" / "system-tests-log"

TESTDATA = Path(os.environ.get("LATCHKEY_TESTDATA") or CHECKOUT.parent / "shared" / "testdata")


def pytest_collection_modifyitems(items):
    # Those that look through what all others have left behind.
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_configure(config):
    # An end that is asked for is one like Ctrl-C: fixtures stop what they started. Ctrl-C is ignored in what a shell
    # script runs in the background, and would be in the programs that we start, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.addinivalue_line("markers", "last: runs after all other tests")


@pytest.fixture(scope="session")
def product(request):
    running = Product()
    try:
        try:
            running.start()
        except AssertionError as error:
            # There is nothing to test, and to be told so once is enough.
            pytest.exit(f"the product does not start:\n{error}", returncode=2)
        yield running
    finally:
        if request.session.testsfailed and (running.state / "log").exists():
            shutil.rmtree(KEPT_LOGS, ignore_errors=True)
            shutil.copytree(running.state / "log", KEPT_LOGS)
            print(f"\nThe logs of this run are in {KEPT_LOGS}")
        running.stop("--fresh")
        left, exists = running.leftovers(), running.state.exists()
        running.remove()
        assert not left, f"deploy/try stop left processes behind: {left}"
        assert not exists, "deploy/try stop --fresh left its folder behind"


@pytest.fixture(scope="session")
def app(product):
    """A client app that works in both modes."""
    return product.create_app("Tests")


@pytest.fixture(scope="session")
def collector(product):
    """A collector, and the platforms that it retrieves from."""
    for platform, name in PLATFORMS.items():
        product.administer("platform", "create", platform, "--name", name, "--production", "--sandbox")
    return new_collector(product)


@pytest.fixture(scope="session")
def prepared(product):
    """What the golden files' placeholders stand for."""
    return Prepared(product)


@pytest.fixture
def responders(product):
    """The place of latchkeyd, empty: the test starts its own, and a plain one is there again afterwards."""
    with in_place_of_latchkeyd(product) as place:
        yield place


@pytest.fixture
def database(product):
    """The database, there again after the test however the test left it."""
    yield product
    if not product.postgres_runs():
        product.start_postgres()
    eventually(lambda: product.token(product.demo).status_code == 200, 10, "tokens are issued again")


@pytest.fixture(scope="session")
def shifted_clock(product):
    """A wall clock that can be shifted, preloaded into one program alone: all others keep theirs."""
    made = product.state / "bin/shifted_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(made),
                    str(Path(__file__).with_name("shifted_clock.c"))], check=True, timeout=60)
    made.chmod(0o755)
    return made


# For tests of webhooks: who signs their receivers' certificates, the place of the sender, what is to be announced, and
# one of each.

@pytest.fixture(scope="module")
def authority(product):
    return Authority(product.state / "receivers")


@pytest.fixture(scope="module")
def senders(product, authority):
    with in_place_of_sender(product, authority) as place:
        yield place


@pytest.fixture(scope="module")
def announcements(product):
    return Announcements(product)


@pytest.fixture
def receiver(authority):
    """On 127.0.0.1, with a certificate for this address and for localhost."""
    running = Receiver(authority.issue("DNS:localhost", "IP:127.0.0.1"))
    yield running
    running.close()


@pytest.fixture
def sender(senders, announcements):
    announcements.forget()
    yield senders.start()
    senders.stop_all()


@pytest.fixture
def later(product, shifted_clock):
    """What makes a program think that it is two hours later: its environment."""
    file = product.state / "two-hours-later"
    file.write_bytes(struct.pack("=q", 7200))
    file.chmod(0o644)
    yield {"LD_PRELOAD": str(shifted_clock), "SHIFTED_CLOCK": str(file)}
    file.unlink()


@pytest.fixture(scope="session")
def testdata():
    """The folder of a published collection; its tests are skipped where it is not there."""
    def folder(name):
        path = TESTDATA / name
        if not path.is_dir():
            pytest.skip(f"no test data in {path}: LATCHKEY_TESTDATA names another folder")
        return path
    return folder
