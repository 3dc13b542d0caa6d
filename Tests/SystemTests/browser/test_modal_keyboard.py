"""Without a mouse: everything can be reached, focus stays inside, and Escape ends it."""

import pytest
from playwright.sync_api import expect

from test_modal import BANK


def tab_to(visitor, locator, key="Tab"):
    """Presses Tab until the element has the focus."""
    for _ in range(30):
        if locator.evaluate("element => element === document.activeElement && document.hasFocus()"):
            return
        visitor.press(key)
    raise AssertionError(f"{locator} is not reached by {key}")


def test_the_whole_path_by_keyboard(modal, visitor, company):
    tab_to(visitor, modal.button)
    visitor.press("Enter")
    expect(modal.heading("All platforms")).to_be_visible()
    tab_to(visitor, modal.by_role("searchbox", "Search platforms"))
    # Whatever was asked for before the last key is over when nothing is found, and so is the last when it is there.
    visitor.page.keyboard.type("firstt")
    expect(modal.by_role("button", BANK)).to_have_count(0)
    visitor.press("Backspace")
    expect(modal.by_role("button", BANK)).to_be_visible()
    tab_to(visitor, modal.by_role("button", BANK))
    visitor.press("Enter")
    expect(modal.heading(BANK)).to_be_focused()
    tab_to(visitor, modal.by_role("textbox", "User name"))
    visitor.page.keyboard.type("user_good")
    visitor.press("Tab")
    expect(modal.by_role("textbox", "Password")).to_be_focused()
    visitor.page.keyboard.type("pass_good")
    visitor.press("Enter")
    expect(modal.heading("Documents retrieved")).to_be_focused()
    tab_to(visitor, modal.by_role("button", "Done"))
    visitor.leave_by("Space")
    modal.is_gone()
    expect(modal.button).to_be_focused()
    assert [what for what, *_ in visitor.said()] == ["success", "exit"]
    company.delivered()


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_focus_stays_inside(modal, visitor, key):
    """It goes round, by everything that there is, and never to what is behind the modal."""
    modal.open()
    reached = set()
    for _ in range(25):
        visitor.press(key)
        assert visitor.page.evaluate("document.activeElement.closest('main') === null")
        reached.add(modal.frame.evaluate(
            "document.hasFocus() && (document.activeElement.ariaLabel ?? document.activeElement.innerText.trim())"))
    assert {"Close", ""} < reached and any(BANK in one for one in reached if one), reached


def test_back(modal, visitor):
    modal.open().choose()
    tab_to(visitor, modal.by_role("button", "Back"))
    visitor.press("Enter")
    expect(modal.heading("All platforms")).to_be_visible()


def test_escape_inside_the_frame(modal, visitor):
    modal.open()
    modal.by_role("searchbox", "Search platforms").focus()
    visitor.leave_by("Escape")
    modal.is_gone()
    expect(modal.button).to_be_focused()
    assert visitor.wait_until_said() == [["exit"]]


def test_escape_outside_of_the_frame(modal, visitor):
    modal.open()
    modal.dialog.evaluate("dialog => { dialog.tabIndex = -1; dialog.focus(); }")
    expect(modal.dialog).to_be_focused()
    visitor.leave_by("Escape")
    modal.is_gone()
    expect(modal.button).to_be_focused()
    assert visitor.wait_until_said() == [["exit"]]


def test_two_modals(modal, visitor, company):
    """The upper one has the focus, and gives it back to the lower one."""
    modal.open()
    modal.by_role("searchbox", "Search platforms").focus()
    visitor.page.evaluate("connect()")
    expect(modal.dialog).to_have_count(2)
    expect(modal.heading("All platforms")).to_be_visible()
    modal.has_focus()
    visitor.look("two-modals", modal.frame)
    modal.choose()
    visitor.leave_by("Escape")
    expect(modal.dialog).to_have_count(1)
    assert visitor.wait_until_said() == [["exit"]]
    modal.has_focus()
    # The lower one is as it was, and goes on.
    modal.retrieve()
    assert [what for what, *_ in visitor.said()] == ["exit", "success"]
    visitor.leave_by("Escape")
    modal.is_gone()
    expect(modal.button).to_be_focused()
    assert company.issued[0]["userId"] != company.issued[1]["userId"]
    [webhook] = company.delivered()
    assert webhook["data"]["client_id"] == company.issued[0]["userId"]


def test_what_a_screen_reader_is_told(modal, visitor):
    """What is behind the dialog is not there for it, and what happens is announced."""
    modal.open()
    expect(modal.dialog).to_have_accessible_name("Connect your accounts")
    assert modal.dialog.evaluate("dialog => dialog.matches(':modal')")
    expect(modal.inside.locator("html")).to_have_attribute("lang", "en")
    modal.choose().sign_in("user_slow")
    expect(modal.status.filter(has_text="Retrieving your documents")).to_have_count(1)
