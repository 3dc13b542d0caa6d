"""The QuickStart in a browser: what users do, what they see, and what the company gets."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from collectors import last_year, this_year
from embedding import sample

BANK = "First Sandbox Bank"
FILES = ["1099_DIV.pdf", "1099_INT.pdf"]


def check_files(product, files):
    """Every address works and gives the sample of this name."""
    assert [file["file_name"] for file in files] == FILES
    for file in files:
        content = product.request("GET", file["download_url"]).content
        assert content == sample(file["file_name"]) and file["total_size_bytes"] == len(content)


def test_the_quickstart_word_for_word(visitor, company, product):
    user = company.initialize()["userId"]
    company.token, answered = company.initialize_in_javascript(user)
    assert answered == user
    modal = visitor.visit(company, "/quickstart").open()
    modal.retrieve()
    result = visitor.page.wait_for_function("window.result").json_value()
    metadata = {"session": "quick", "n": [1, 2.5, None, "\u00e9"]}
    assert result == {
        "platform": "first-sandbox-bank", "name": BANK, "tax_year": last_year(), "metadata": metadata,
        "files": [{"file_name": name, "total_size_bytes": len(sample(name))} for name in FILES]}
    [webhook] = company.delivered()
    assert webhook["status"] == "success"
    assert webhook["data"]["client_id"] == user and webhook["data"]["metadata"] == metadata
    check_files(product, webhook["files"])
    modal.leave_by("Done")


def test_a_new_user(modal, visitor, product):
    modal.open()
    expect(modal.by_role("heading", "Connect your accounts")).to_be_visible()
    expect(modal.heading("From prior years")).to_have_count(0)
    modal.look("platforms")
    modal.choose()
    expect(modal.by_role("heading", BANK)).to_be_focused()
    year = modal.by_role("combobox", "Tax year")
    expect(year).to_have_value(str(last_year()))
    assert year.locator("option").all_inner_texts() == [str(this_year() - back) for back in range(7)]
    for name in ("user_good", "user_error", "user_slow"):
        expect(modal.inside.get_by_text(name)).to_be_visible()
    expect(modal.by_role("textbox", "Password")).to_have_attribute("type", "password")
    modal.look("sign-in")
    modal.sign_in()
    expect(modal.heading("Documents retrieved")).to_be_focused()
    assert [re.match(r"\S+", text)[0] for text in modal.by_role("listitem").all_inner_texts()] == FILES
    modal.look("success")
    assert [what for what, *_ in visitor.said()] == ["success"]
    modal.leave_by("Done")
    assert [what for what, *_ in visitor.wait_until_said(2)] == ["success", "exit"]
    expect(modal.button).to_be_focused()


def test_next_year(modal, visitor, company, product):
    modal.open().retrieve()
    company.user = company.issued[0]["userId"]
    modal.leave_by("Done")
    modal = visitor.visit(company).open()
    assert company.issued[-1]["userId"] == company.user
    headings = modal.by_role("heading").all_inner_texts()
    assert headings.index("From prior years") < headings.index("All platforms")
    prior = modal.by_role("button", f"{BANK} {last_year()}, 2 documents")
    expect(prior).to_be_visible()
    for name in FILES:
        link = modal.by_role("link", name, exact=False)
        assert httpx.get(link.get_attribute("href"), verify=product.tls).content == sample(name)
        with visitor.page.expect_download() as found:
            link.click()
        assert found.value.suggested_filename == name
        assert found.value.path().read_bytes() == sample(name)
    assert len(visitor.context.pages) == 1
    modal.look("prior-years")
    prior.click()
    expect(modal.heading(BANK)).to_be_visible()
    modal.sign_in()
    expect(modal.heading("Documents retrieved")).to_be_visible()
    company.delivered(count=2)


def test_another_platform_in_the_same_session(modal, visitor, company):
    """A webhook and a call of onSuccess for each."""
    modal.open().retrieve()
    modal.press("Connect another")
    expect(modal.heading("All platforms")).to_be_visible()
    modal.choose()
    modal.by_role("combobox", "Tax year").select_option(str(last_year() - 1))
    modal.sign_in()
    expect(modal.heading("Documents retrieved")).to_be_visible()
    assert [(what, result["tax_year"]) for what, result in visitor.said()] == [
        ("success", last_year()), ("success", last_year() - 1)]
    one, other = company.delivered(count=2)
    assert one["data"]["id"] != other["data"]["id"]
    assert one["data"]["client_id"] == other["data"]["client_id"] == company.issued[0]["userId"]


def test_a_failure_and_another_try(modal, visitor, company):
    modal.open().choose().sign_in("user_error")
    expect(modal.alert).to_have_text(f"{BANK} could not retrieve your documents")
    modal.look("failure")
    [webhook] = company.delivered()
    assert webhook["status"] == "failure" and webhook["files"] == []
    assert visitor.said() == []
    modal.press("Try again")
    expect(modal.heading(BANK)).to_be_visible()
    modal.sign_in()
    expect(modal.heading("Documents retrieved")).to_be_visible()
    assert [one["status"] for one in company.delivered(count=2)] == ["failure", "success"]


def test_a_failure_and_another_platform(modal):
    modal.open().choose().sign_in("user_error")
    expect(modal.alert).to_be_visible()
    modal.press("Choose another platform")
    expect(modal.heading("All platforms")).to_be_visible()


def test_a_wrong_password_takes_nothing_from_the_try(modal, visitor, company):
    visitor.expects(r"401.*/sandbox-bank/sign-in")
    modal.open().choose()
    for user, password in (("user_good", "wrong"), ("nobody", "pass_good")):
        modal.sign_in(user, password)
        expect(modal.alert).to_have_text("Wrong user name or password")
    modal.look("wrong-password")
    modal.sign_in()
    expect(modal.heading("Documents retrieved")).to_be_visible()
    [webhook] = company.delivered()
    assert webhook["status"] == "success"


def test_a_slow_platform(modal, visitor):
    modal.open().choose().sign_in("user_slow")
    expect(modal.status.filter(has_text="Retrieving your documents")).to_be_visible()
    modal.look("progress")
    expect(modal.heading("Documents retrieved")).to_be_visible(timeout=30_000)
    # It waits for the answer, and does not ask again and again.
    asked = [url for url in visitor.requests if "/api/link/attempts/" in url]
    assert 1 <= len(asked) <= 4, asked


def test_cancelling(modal, visitor):
    """What the platform still brings is the company's; the user is back at the choice."""
    modal.open().choose().sign_in("user_slow")
    modal.press("Cancel")
    expect(modal.heading("All platforms")).to_be_visible()
    assert visitor.said() == []


def test_the_search(modal, visitor):
    modal.open()
    box = modal.by_role("searchbox", "Search platforms")
    box.fill("SANDBOX ba")
    expect(modal.status.filter(has_text=re.compile(r"^1 platform$"))).to_be_attached()
    expect(modal.by_role("button", BANK)).to_be_visible()
    for nothing in ("no such bank", "%", "_", "\\"):
        box.fill(nothing)
        expect(modal.status.filter(has_text="No platform matches")).to_be_visible()
        expect(modal.by_role("button", BANK)).to_have_count(0)
    modal.look("no-platform-matches")
    box.fill("")
    expect(modal.by_role("button", BANK)).to_be_visible()


@pytest.fixture
def many_platforms(product):
    """More than a page of them, and two that are alike but for their capitals."""
    product.sql("""
        INSERT INTO latchkey.platforms (id, name, production, sandbox, connector_url)
        SELECT 'many-' || n, CASE n WHEN 1 THEN 'MANY 2' ELSE 'Many ' || n END, false, true, 'http://127.0.0.1:9/'
          FROM generate_series(1, 60) n
        """)
    yield {f"Many {number}" for number in range(2, 61)} | {"MANY 2"}
    product.sql("DELETE FROM latchkey.platforms WHERE id LIKE 'many-%'")


def test_more_platforms_than_a_page(modal, many_platforms):
    modal.open()
    cards = modal.by_role("main").get_by_role("listitem")
    expect(cards).to_have_count(50)
    modal.look("platforms-many")
    modal.press("More")
    expect(cards).to_have_count(61)
    expect(modal.by_role("button", "More")).to_have_count(0)
    for name in many_platforms:
        expect(modal.by_role("button", name)).to_have_count(1)
    # A search looks among all of them.
    modal.by_role("searchbox", "Search platforms").fill("many 2")
    expect(modal.status.filter(has_text=re.compile(r"^12 platforms$"))).to_be_attached()
    expect(cards).to_have_count(12)


def test_closing(modal, visitor):
    """By its button, and by the page; onExit is called once, and focus is where it was."""
    modal.open()
    modal.leave_by("Close")
    assert visitor.wait_until_said() == [["exit"]]
    expect(modal.button).to_be_focused()
    modal.open()
    visitor.page.evaluate("company.modals[1].close()")
    modal.is_gone()
    visitor.page.evaluate("company.modals[1].close()")
    assert visitor.wait_until_said(2) == [["exit"], ["exit"]]


def test_opening_again_at_once(modal, visitor, company):
    """What is left of the first opening takes nothing from the second."""
    visitor.page.evaluate("""token => {
        const modal = Taiki.create({token, onExit: () => company.said.push(["exit"])});
        company.modals.push(modal);
        modal.open();
        modal.close();
        modal.open();
    }""", company.initialize()["temporaryToken"])
    expect(modal.heading("All platforms")).to_be_visible()
    assert visitor.said() == [["exit"]]
    visitor.page.evaluate("company.modals[0].close()")
    modal.is_gone()
    assert visitor.wait_until_said(2) == [["exit"], ["exit"]]


def test_a_callback_that_throws_breaks_nothing(modal, visitor, company):
    visitor.expects("a mistake of the company's")
    visitor.page.evaluate("() => { company.said.push = () => { throw new Error(\"a mistake of the company's\") } }")
    modal.open().retrieve()
    modal.press("Connect another")
    expect(modal.heading("All platforms")).to_be_visible()
    modal.leave_by("Close")
    company.delivered()
