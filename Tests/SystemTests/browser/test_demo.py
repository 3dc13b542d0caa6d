"""The demo page: a newcomer plays the three steps, and next year."""

from playwright.sync_api import expect

from browsing import Modal
from collectors import last_year
from embedding import sample


def test_the_demo_page(visitor, product):
    page = visitor.page
    page.goto(product["DEMO_URL"])
    get_token, connect, again = (
        page.get_by_role("button", name=name) for name in ("Get a token", "Connect accounts", "Next year"))
    for button in (connect, again):
        expect(button).to_be_disabled()
    visitor.look("demo")
    get_token.press("Enter")
    expect(page.get_by_role("region", name="Answer of step 1")).to_contain_text("temporaryToken")
    expect(get_token).to_be_focused()
    assert product.demo.api_secret not in page.content()
    connect.press("Enter")
    modal = Modal(visitor, None)
    modal.choose().sign_in("user_error")
    expect(modal.alert).to_be_visible()
    modal.press("Choose another platform")
    modal.retrieve()
    modal.leave_by("Done")
    # The modal gives the focus back, and so the button has to be able to take it.
    expect(connect).to_be_focused()
    expect(connect).to_be_disabled()
    expect(page.get_by_role("region", name="Calls of step 2")).to_contain_text("onSuccess(")
    expect(page.get_by_text("signature verified")).to_have_count(2)
    for name in ("1099_DIV.pdf", "1099_INT.pdf"):
        with page.expect_download() as found:
            page.get_by_role("link", name=name).click()
        assert found.value.suggested_filename == name
        assert found.value.path().read_bytes() == sample(name)
    visitor.look("demo-played")
    again.press("Enter")
    expect(modal.by_role("button", f"First Sandbox Bank {last_year()}, 2 documents")).to_be_visible()
    visitor.leave_by("Escape")
    modal.is_gone()
    expect(again).to_be_focused()
