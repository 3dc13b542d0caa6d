"""One browser for all tests, Debian's Chromium, and for each test a visitor of its own."""

import os
import shutil
import signal

import pytest
from playwright.sync_api import sync_playwright

from browsing import SCREENSHOTS, Visitor
from embedding import Company, Server

# No wait of Playwright's is without an end but those for Chromium itself.
LONGEST = 120

# Another program of the same kind may stand in for Debian's.
CHROMIUM = os.environ.get("LATCHKEY_BROWSER") or shutil.which("chromium")


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.fail("there is no Chromium: Tests/run browser installs it, or LATCHKEY_BROWSER names one")
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    with sync_playwright() as playwright:
        # A context's ignore_https_errors does not reach downloads. pytest hears of signals itself.
        running = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--ignore-certificate-errors"], timeout=60_000,
            handle_sigint=False, handle_sigterm=False, handle_sighup=False)
        yield running
        running.close()


@pytest.fixture(autouse=True)
def deadline():
    def end(*_):
        raise TimeoutError(f"the test takes longer than {LONGEST} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def visitor(product, browser):
    one = Visitor(browser, product)
    yield one
    one.leave()


@pytest.fixture(scope="session")
def sandbox_company(product):
    running = Company(product, "A company")
    yield running
    running.close()


@pytest.fixture
def company(sandbox_company):
    """A company in the sandbox."""
    yield sandbox_company
    sandbox_company.forget()


@pytest.fixture(scope="session")
def production_company(product):
    running = Company(product, "A company at work", "production")
    yield running
    running.close()


@pytest.fixture
def stranger():
    """Somebody whose origin is registered nowhere."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def modal(visitor, company):
    """The company's page, and the modal that it can open."""
    return visitor.visit(company)
