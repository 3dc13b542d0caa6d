"""Tokens that do not open the modal: the page hears why, and the user reads it."""

import re
import time

import pytest
from playwright.sync_api import expect

import tokens
from responders import in_place_of_latchkeyd


def signed(company, product, **changes):
    """A token as the service would sign it."""
    key, *_ = tokens.read_keys(product.key_files[0])
    user = company.initialize()["userId"]
    return tokens.signed(tokens.claims(company.app.client_app, user, mode="sandbox", **changes), key)


def expired(company, product):
    now = int(time.time())
    return signed(company, product, iat=now - 7200, exp=now - 3600)


def of_the_other_mode(company, product):
    return product.issued(company.app, "production")[0]


def altered(company, product):
    token = company.initialize()["temporaryToken"]
    return token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")


def of_nobody(company, product):
    key, *_ = tokens.read_keys(product.key_files[0])
    nobody = "00000000-0000-4000-8000-000000000000"
    return tokens.signed(tokens.claims(company.app.client_app, nobody, mode="sandbox"), key)


ERRORS = {
    "token_expired": (expired, "The token has expired: get a new one each time the modal is opened"),
    "wrong_mode": (of_the_other_mode, "The token is of the other mode"),
    "invalid_token": (altered, "The token is not valid"),
}


def check_error(modal, visitor, code, text):
    expect(modal.open_to_an_error()).to_contain_text(text)
    [[what, error]] = visitor.wait_until_said()
    assert what == "error" and list(error) == ["code", "message"] and error["code"] == code
    assert text in error["message"]


@pytest.mark.parametrize("code", ERRORS)
def test_a_token_that_is_refused(modal, visitor, company, product, code):
    visitor.expects(r"401.*/api/link/open")
    make, text = ERRORS[code]
    company.token = make(company, product)
    check_error(modal, visitor, code, text)
    modal.look("error-" + code.replace("_", "-"))
    modal.leave_by("Close")
    assert [what for what, *_ in visitor.wait_until_said(2)] == ["error", "exit"]
    expect(modal.button).to_be_focused()


def test_a_token_of_a_user_that_is_gone(modal, visitor, company, product):
    visitor.expects(r"401.*/api/link/open")
    company.token = of_nobody(company, product)
    check_error(modal, visitor, "invalid_token", "The token is not valid")


def test_a_token_that_is_used(modal, visitor, company):
    visitor.expects(r"409.*/api/link/open")
    company.token = company.initialize()["temporaryToken"]
    modal.open()
    modal.leave_by("Close")
    expect(modal.open_to_an_error()).to_contain_text("get a new one each time")
    assert visitor.wait_until_said(2)[1][1]["code"] == "token_used"
    modal.look("error-token-used")


def test_a_token_of_api_token_opens_the_modal(modal, visitor, company, product):
    """Which has no webhook of its own: the app's is called."""
    company.token, user = product.issued(company.app, "sandbox")
    modal.open().retrieve()
    [webhook] = company.delivered("/of-the-app")
    assert webhook["data"]["client_id"] == user and webhook["data"]["metadata"] == {"session": "1"}


@pytest.mark.parametrize("token", ["", "not a token", "a.b.c", "<script>alert(1)</script>", "e30.e30.e30"])
def test_no_token_at_all(modal, visitor, token):
    """Nothing is shown; create() and open() have returned when the page hears of it."""
    said_at_once = visitor.page.evaluate("""token => {
        const said = [];
        const onError = (error) => { said.push(error); company.said.push(["error", error]); };
        Taiki.create({token, onError}).open();
        return said.length;
    }""", token)
    assert said_at_once == 0
    expect(modal.dialog).to_have_count(0)
    [[what, error]] = visitor.wait_until_said()
    assert what == "error" and error["code"] == "invalid_token" and error["message"]


def test_an_origin_that_is_not_registered(modal, visitor, company):
    """The browser does not even show the frame: nobody else puts the modal into a page."""
    visitor.expects("frame-ancestors", "postMessage")
    company.unregister(company.origin)
    try:
        modal.button.click()
        [what, error], *exit = visitor.wait_until_said(2)
    finally:
        company.register(company.origin)
    assert what == "error" and error["code"] == "unavailable" and exit == [["exit"]]
    assert company.origin in error["message"]
    modal.is_gone()
    expect(modal.button).to_be_focused()
    assert not [url for url in visitor.requests if "/api/link/" in url]


def test_an_error_page_is_not_waited_upon(modal, visitor, company):
    """The page has loaded, and nothing answers in it: there is no more to wait for."""
    visitor.expects("frame-ancestors", "postMessage")
    company.unregister(company.origin)
    try:
        # Its timers are of this length and of no other.
        visitor.page.evaluate("""() => {
            const later = setTimeout;
            window.setTimeout = (act, time) => later(act, time === 3000 ? 0 : 1e6);
        }""")
        modal.button.click()
        [what, error], _ = visitor.wait_until_said(2)
    finally:
        company.register(company.origin)
    assert what == "error" and error["code"] == "unavailable"


def test_an_origin_that_is_registered_no_more(modal, visitor, company):
    visitor.expects(r"403.*/api/link/open")

    def later(route):
        company.unregister(company.origin)
        route.continue_()

    visitor.page.route("**/api/link/open", later)
    try:
        check_error(modal, visitor, "origin_not_allowed", "The page's origin is not registered for the client app")
    finally:
        company.register(company.origin)
    # The token was not used up by it.
    visitor.page.unroute("**/api/link/open")
    modal.look("error-origin-not-allowed")
    company.token = company.issued[-1]["temporaryToken"]
    visitor.visit(company).open()


def test_a_session_that_is_over(modal, visitor, company, product):
    visitor.expects(r"401.*/api/link/")
    modal.open()
    product.sql("UPDATE latchkey.link_tokens SET session_expires_at = now() - interval '1 second'"
                f" WHERE client_app_id = '{company.app.client_app}' AND opened_at IS NOT NULL")
    modal.choose().sign_in()
    expect(modal.alert).to_contain_text("The session is over")
    modal.look("error-session-over")


def test_the_service_is_away(modal, visitor, company, product):
    """Its page does not come: nothing hangs."""
    visitor.expects(re.escape(company.base))
    company.token = company.initialize()["temporaryToken"]
    with in_place_of_latchkeyd(product):
        modal.button.click()
        [what, error], *exit = visitor.wait_until_said(2)
        assert what == "error" and error["code"] == "unavailable" and error["message"] and exit == [["exit"]]
        modal.is_gone()
        expect(modal.button).to_be_focused()
    # The token is as good as before.
    modal.open()
