"""The network, or the service, goes away meanwhile: nothing is lost."""

import re

import pytest
from playwright.sync_api import expect

from embedding import Company
from relay import Relay
from responders import SHIPPED

LOST = "Connection lost. Trying again"


@pytest.fixture
def network(product):
    running = Relay(product.port_of("sandbox"))
    yield running
    running.close()


@pytest.fixture
def far_company(product, network):
    """A company that reaches the service by a network that can be cut, as its visitors do."""
    running = Company(product, "A company far away", base=network.base)
    yield running
    running.close()


@pytest.fixture
def cuttable_modal(visitor, far_company):
    return visitor.visit(far_company)


def waiting_for_the_bank(modal, visitor):
    """A try of ten seconds, and its question for the outcome under way."""
    modal.open().choose()
    with visitor.page.expect_request("**/api/link/attempts/*"):
        modal.sign_in("user_slow")
    expect(modal.status.filter(has_text="Retrieving your documents")).to_be_visible()


def test_the_connection_is_lost_while_the_platform_works(cuttable_modal, visitor, far_company, network):
    visitor.expects("net::ERR_")
    waiting_for_the_bank(cuttable_modal, visitor)
    network.cut()
    expect(cuttable_modal.status.filter(has_text=LOST)).to_be_visible()
    cuttable_modal.look("connection-lost")
    network.mend()
    expect(cuttable_modal.heading("Documents retrieved")).to_be_visible(timeout=40_000)
    assert [what for what, *_ in visitor.said()] == ["success"]
    far_company.delivered()


def test_the_connection_is_lost_before_anything_is_chosen(modal, visitor):
    visitor.expects("net::ERR_")
    modal.open()
    visitor.context.set_offline(True)
    modal.by_role("searchbox", "Search platforms").fill("bank")
    expect(modal.status.filter(has_text=LOST)).to_be_visible()
    visitor.context.set_offline(False)
    expect(modal.status.filter(has_text=re.compile(r"^1 platform$"))).to_be_attached()
    expect(modal.status.filter(has_text=LOST)).to_have_count(0)
    modal.retrieve()


def test_the_responder_is_restarted_while_the_platform_works(modal, visitor, company, responders):
    visitor.expects(r"50[234].*/api/link/attempts/")
    first = responders.start(SHIPPED)
    waiting_for_the_bank(modal, visitor)
    assert first.stop() == 0
    responders.start(SHIPPED)
    expect(modal.heading("Documents retrieved")).to_be_visible(timeout=40_000)
    assert [what for what, *_ in visitor.said()] == ["success"]
    [webhook] = company.delivered()
    assert webhook["status"] == "success"


def test_the_responder_is_away_for_a_while(modal, visitor, company, responders):
    """The user reads it, and needs to do nothing."""
    visitor.expects(r"50[234].*/api/link/attempts")
    first = responders.start(SHIPPED)
    modal.open().choose()
    first.stop()
    modal.by_role("textbox", "User name").fill("user_good")
    modal.by_role("textbox", "Password").fill("pass_good")
    modal.press("Sign in")
    expect(modal.status.filter(has_text=LOST)).to_be_visible()
    responders.start(SHIPPED)
    expect(modal.heading("Documents retrieved")).to_be_visible(timeout=30_000)
    # Asked for again and again, it was one.
    assert len(company.delivered()) == 1
