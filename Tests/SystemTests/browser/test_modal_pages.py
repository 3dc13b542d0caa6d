"""A platform that has a page of its own: the modal opens it, and waits for what becomes of it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from collectors import last_year, new_collector, pdf
from receivers import Receiver

NAME = "Paper Street Bank"


@pytest.fixture(scope="module")
def connector(product):
    """Somebody's page for signing in. What it is asked for holds the state."""
    running = Receiver()
    product.administer("platform", "create", "paper-street-bank", "--name", NAME, "--production",
                       "--connector-url", f"http://127.0.0.1:{running.port}/sign-in?theme=plain")
    yield running
    running.close()


@pytest.fixture
def company(production_company):
    """A company in production."""
    yield production_company
    production_company.forget()


@pytest.fixture
def collector(product):
    return new_collector(product, "Paper Street")


def opened_page(modal, visitor, connector):
    """Follows the link: the state that came with it."""
    modal.press("Continue")
    link = modal.by_role("link", f"Open {NAME}")
    expect(link).to_have_attribute("target", "_blank")
    assert {"noopener", "noreferrer"} <= set(link.get_attribute("rel").split())
    with visitor.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    address = urlsplit(opened.value.url)
    query = parse_qs(address.query, strict_parsing=True)
    assert address.path == "/sign-in" and query["theme"] == ["plain"] and set(query) == {"theme", "state"}
    # Whoever is opened gets no hand on the page, and does not hear from where it was.
    assert opened.value.evaluate("opener") is None and opened.value.evaluate("document.referrer") == ""
    asked = [one for one in connector.received if one.path.startswith("/sign-in")][-1]
    assert asked.headers["referer"] is None
    opened.value.close()
    [state] = query["state"]
    return state


def begin(collector, state):
    return collector.call("POST", "/api/retrievals", "production", json={"state": state})


def test_a_page_of_its_own(modal, visitor, company, connector, collector):
    modal.open()
    expect(modal.by_role("button", "First Sandbox Bank")).to_have_count(0)
    modal.choose(NAME)
    modal.look("page-of-its-own")
    state = opened_page(modal, visitor, connector)
    expect(modal.status.filter(has_text=f"Waiting for {NAME}")).to_be_visible()
    modal.look("waiting-for-a-page")
    begun = begin(collector, state)
    assert begun.status_code == 201, begun.text
    assert (begun.json()["platform"], begun.json()["tax_year"]) == ("paper-street-bank", last_year())
    expect(modal.status.filter(has_text="Retrieving your documents")).to_be_visible()
    content = pdf()
    collector.uploaded(begun.json()["id"], "W-2.pdf", content)
    collector.finished(begun.json()["id"])
    expect(modal.heading("Documents retrieved")).to_be_visible()
    [[what, result]] = visitor.said()
    assert what == "success" and result["platform"] == "paper-street-bank" and result["name"] == NAME
    assert result["files"] == [{"file_name": "W-2.pdf", "total_size_bytes": len(content)}]
    [webhook] = company.delivered()
    assert webhook["data"]["metadata"] == {"session": "1"}
    assert collector.product.request("GET", webhook["files"][0]["download_url"]).content == content


def test_a_failure_of_the_page(modal, visitor, company, connector, collector):
    modal.open().choose(NAME)
    begun = begin(collector, opened_page(modal, visitor, connector)).json()
    collector.finished(begun["id"], "failure")
    expect(modal.alert).to_have_text(f"{NAME} could not retrieve your documents")
    modal.press("Try again")
    again = begin(collector, opened_page(modal, visitor, connector)).json()
    assert again["id"] != begun["id"]
    collector.finished(again["id"])
    expect(modal.heading("Documents retrieved")).to_be_visible()


def test_whoever_opens_the_page_gets_no_token(modal, visitor, company, connector, product):
    """The state begins a retrieval and is good for nothing else."""
    modal.open().choose(NAME)
    state = opened_page(modal, visitor, connector)
    for path in ("/api/prior-year", "/api/link/platforms"):
        answer = product.request("GET", company.base + path, headers={"Authorization": f"Bearer {state}"})
        assert answer.status_code == 401, path
    assert product.verify(state).status_code == 401
    answer = product.post(company.base + "/api/link/open", headers={"Authorization": f"Bearer {state}"},
                          json={"origin": company.origin})
    assert answer.status_code == 401
