"""Messages from whoever is not the one that they should come from."""

from playwright.sync_api import expect

OPEN = "/api/link/open"


def opened(visitor):
    return [url for url in visitor.requests if url.endswith(OPEN)]


def popup(visitor, stranger):
    """A stranger's window that has a hand on the company's."""
    with visitor.page.expect_popup() as found:
        visitor.page.evaluate("url => { window.stranger = open(url) }", stranger.origin)
    found.value.wait_for_load_state()
    return found.value


def post(page, target, message):
    page.evaluate(
        "([target, message]) => { const channel = new MessageChannel();"
        " (target === 'frame' ? opener.frames[0] : opener).postMessage(message, '*', [channel.port1]); }",
        [target, message])


def test_only_its_parent_opens_the_modal(visitor, company, stranger):
    visitor.page.goto(company.origin + "/bare")
    frame = visitor.page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Connect your accounts")).to_be_attached()
    visitor.page.frames[1].evaluate("() => { window.count = 0; addEventListener('message', () => count += 1) }")
    token = company.initialize()["temporaryToken"]
    message = {"type": "latchkey-link:open", "token": token, "metadata": {}}
    window = popup(visitor, stranger)
    post(window, "frame", message)
    # The parent itself, in other words than the modal's.
    visitor.page.evaluate("""token => {
        const {contentWindow} = document.querySelector("iframe");
        for (const message of [null, 1, "latchkey-link:open", [], {}, {token}, {type: "open", token},
                               {type: "latchkey-link:close", token}]) {
            contentWindow.postMessage(message, "*", [new MessageChannel().port1]);
        }
    }""", token)
    visitor.page.frames[1].wait_for_function("count === 9")
    expect(frame.get_by_role("heading", name="All platforms")).to_have_count(0)
    assert not opened(visitor)
    visitor.page.evaluate("""message => {
        window.channel = new MessageChannel();
        window.heard = [];
        channel.port1.onmessage = (event) => heard.push(event.data);
        document.querySelector("iframe").contentWindow.postMessage(message, "*", [channel.port2]);
    }""", message)
    expect(frame.get_by_role("heading", name="All platforms")).to_be_visible()
    assert len(opened(visitor)) == 1
    visitor.page.wait_for_function("heard.length === 1 && heard[0].type === 'ready'")


def test_the_modal_listens_once(modal, visitor, company, stranger):
    modal.open()
    # Others do not even see its window among those of the page.
    assert popup(visitor, stranger).evaluate("opener.length") == 0
    other = {"type": "latchkey-link:open", "token": company.initialize()["temporaryToken"], "metadata": {}}
    visitor.page.locator("dialog iframe").evaluate(
        "(frame, message) => frame.contentWindow.postMessage(message, '*', [new MessageChannel().port1])", other)
    modal.retrieve()
    assert len(opened(visitor)) == 1
    [webhook] = company.delivered()
    assert webhook["data"]["client_id"] == company.issued[0]["userId"]


def test_the_page_takes_no_message_from_a_window(modal, visitor, stranger):
    modal.open()
    window = popup(visitor, stranger)
    forged = [{"type": "success", "result": {"platform": "x"}}, {"type": "error", "error": {"code": "x"}},
              {"type": "exit"}, {"type": "ready"}]
    for message in forged:
        post(window, "page", message)
        visitor.page.evaluate("message => window.postMessage(message, '*')", message)
    # Any message that was sent before this one has been heard.
    visitor.page.evaluate("""() => new Promise(resolve => {
        addEventListener("message", (event) => event.data === "last" && resolve());
        window.postMessage("last", "*");
    })""")
    assert visitor.said() == []
    expect(modal.dialog).to_have_count(1)
    modal.retrieve()
    assert [what for what, *_ in visitor.said()] == ["success"]


def test_what_the_page_names_does_not_lead_the_loader_astray(visitor, company):
    """An element's name hides the document's own member. Comments may bring such an element along."""
    modal = visitor.visit(company, "/commented")
    assert visitor.page.evaluate("document.currentScript.tagName") == "FORM"
    modal.open()


def test_the_token_goes_to_the_service_alone(visitor, company, stranger):
    """Where something else is in the frame, the browser does not hand the message over."""
    visitor.expects("Failed to execute 'postMessage'")
    visitor.page.route("**/link/?*", lambda route: route.fulfill(
        status=302, headers={"location": stranger.origin + "/"}))
    # Nobody meant that error.
    visitor.context.add_init_script("addEventListener('message', () => console.error('a message was heard'))")
    # A policy would not let a stranger into the frame in the first place.
    visitor.visit(company, "/without-policy").button.click()
    [what, error], _ = visitor.wait_until_said(2)
    assert what == "error" and error["code"] == "unavailable"
    assert stranger.origin + "/" in visitor.requests
