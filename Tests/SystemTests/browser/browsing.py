"""A visitor with a browser: what it sees, what goes wrong in it, and how that looks."""

import inspect
import json
import re
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect

from product import CHECKOUT

# Nothing here takes that long; what does not come at all is a failure.
SECONDS = 30
SCREENSHOTS = CHECKOUT / ".build" / "tests" / "screenshots"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ("light", "dark")

# In every frame, before any script of its own.
REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => console.error(
    `violation of ${event.effectiveDirective} by ${event.blockedURI} in ${location.href}`));"""

expect.set_options(timeout=SECONDS * 1000)


class Visitor:
    """A browser's context of its own with one page. Whatever goes wrong in it is a failure at the end, unless the test
    said that it will."""

    def __init__(self, browser, product):
        self.product = product
        self.problems, self.meant, self.requests = [], [], []
        width, height = SIZES["desktop"]
        # The authority that signed the product's certificate is not one that a browser knows.
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, ignore_https_errors=True, reduced_motion="reduce")
        self.context.set_default_timeout(SECONDS * 1000)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on("console", self.hear)
        self.context.on("weberror", lambda error: self.problems.append(f"uncaught: {error.error}"))
        self.context.on("dialog", self.refuse)
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page = self.context.new_page()

    def hear(self, message):
        if message.type == "error":
            self.problems.append(f"{message.text} ({message.location.get('url', '')})")

    def refuse(self, dialog):
        self.problems.append(f"a box opened: {dialog.message}")
        dialog.dismiss()

    def expects(self, *patterns):
        """What the console may say in this test."""
        self.meant += patterns

    def leave(self):
        self.context.close()
        wrong = [one for one in self.problems if not any(re.search(pattern, one) for pattern in self.meant)]
        assert not wrong, wrong
        # A token is in no address, where logs and histories would keep it.
        assert not [url for url in self.requests if any(token in url for token in self.product.tokens)]

    # What a test does

    def visit(self, company, path="/"):
        self.page.goto(company.origin + path)
        return Modal(self, company)

    def said(self):
        """What the company's page was told, in this order."""
        # Playwright itself loses members with some names.
        return json.loads(self.page.evaluate("JSON.stringify(company.said)"))

    def wait_until_said(self, count=1):
        self.page.wait_for_function("count => company.said.length >= count", arg=count)
        return self.said()

    def press(self, key):
        self.page.keyboard.press(key)

    def leave_by(self, key):
        """Presses a key that closes the modal."""
        self.without_waiting(self.page.keyboard, "press", key)

    def without_waiting(self, thing, act, *arguments):
        """Chromium waits until the frame says that it has heard of a key or a click, and waits for ever where the frame
        is gone by then. What came of it shows anyway."""
        begin = getattr(thing._impl_obj, act)
        # What is optional for callers is not so inside of Playwright.
        others = [None] * (len(inspect.signature(begin).parameters) - len(arguments))
        task = thing._loop.create_task(begin(*arguments, *others))
        task.add_done_callback(lambda task: task.cancelled() or task.exception())

    # How it looks

    def look(self, name, frame=None):
        """Keeps a picture in each scheme and at each size, and holds what is there to axe's rules."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            for size, (width, height) in SIZES.items():
                self.page.set_viewport_size({"width": width, "height": height})
                for one in filter(None, (frame, self.page.main_frame)):
                    settle(one)
                self.page.screenshot(path=Path(SCREENSHOTS, f"{name}-{size}-{scheme}.png"))
                for one in filter(None, (self.page.main_frame, frame)):
                    faults = accessibility_faults(one)
                    assert not faults, f"{name}, {size}, {scheme}, {one.url}:\n" + "\n".join(faults)
                    assert not is_wider_than_its_window(one), f"{name}, {size}: it scrolls to the side"
        self.page.emulate_media(color_scheme="light")


def settle(frame):
    """Waits until a frame, which may be another process's, is drawn at the size that it now has in its page."""
    if frame.parent_frame:
        width = frame.frame_element().evaluate("element => element.clientWidth")
        frame.wait_for_function("width => innerWidth === width", arg=width)
    frame.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")


def accessibility_faults(frame):
    """What axe-core's rules object to. Frames are looked at one by one: axe would send messages into them."""
    if not frame.evaluate("typeof axe === 'object'"):
        frame.evaluate(AXE_SCRIPT)
    found = frame.evaluate("axe.run({iframes: false, resultTypes: ['violations']})")
    assert found["testEngine"]["name"] == "axe-core" and found["passes"]
    return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in found["violations"]]


def is_wider_than_its_window(frame):
    return frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


class Modal:
    """The modal as a user sees it: by roles and names."""

    def __init__(self, visitor, company):
        self.visitor, self.page, self.company = visitor, visitor.page, company
        self.dialog = self.page.get_by_role("dialog", name="Connect your accounts")
        self.inside = self.page.frame_locator("dialog iframe[title='Connect your accounts']").last
        self.button = self.page.get_by_role("button", name="Connect", exact=True)

    @property
    def frame(self):
        """The frame itself, for what a locator cannot do; of several, the one that was opened last."""
        return [one for one in self.page.frames if "/link/?" in one.url][-1]

    def by_role(self, role, name=None, exact=True, **how):
        return self.inside.get_by_role(role, **({"name": name, "exact": exact} if name else {}), **how)

    def heading(self, name):
        return self.by_role("heading", name)

    def press(self, name):
        self.by_role("button", name).click()

    def leave_by(self, name):
        """A button that closes the modal; the header has one of the same name as the last view."""
        button = self.by_role("button", name).last
        button.hover()
        place = button.bounding_box()
        self.visitor.without_waiting(
            self.page.mouse, "click", place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        self.is_gone()

    @property
    def status(self):
        return self.by_role("status")

    @property
    def alert(self):
        return self.by_role("alert")

    def open(self):
        self.button.click()
        expect(self.heading("All platforms")).to_be_visible()
        return self

    def open_to_an_error(self):
        """The alert, once it says something."""
        self.button.click()
        expect(self.alert).to_be_visible()
        return self.alert

    def choose(self, name="First Sandbox Bank"):
        self.press(name)
        expect(self.heading(name)).to_be_visible()
        return self

    def sign_in(self, user="user_good", password="pass_good"):
        self.by_role("textbox", "User name").fill(user)
        self.by_role("textbox", "Password").fill(password)
        self.press("Sign in")
        return self

    def retrieve(self, user="user_good"):
        self.choose().sign_in(user)
        expect(self.heading("Documents retrieved")).to_be_visible()
        return self

    def has_focus(self):
        """Waits until it is in the frame."""
        self.frame.wait_for_function("document.hasFocus()")

    def is_gone(self):
        expect(self.dialog).to_have_count(0)

    def look(self, name):
        self.visitor.look(name, self.frame)
