"""Names and metadata that want to be more than text."""

import json

import pytest
from playwright.sync_api import expect

from collectors import last_year, new_collector, pdf

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
MARKS = "\u202egnp.\u2066exe\u2069 \u05d0\u05d1 \u0627\u0644"
NAMES = {
    "hostile-script": f"A {SCRIPT}{IMAGE}",
    "hostile-marks": f"B {MARKS}",
    "hostile-long": "C" + "\u00e9" * 199,
    "hostile-template": "D ${alert(1)} {{7*7}} &lt;b&gt; %s",
}
# What turns round what is beside it is seen, and does not turn it.
SHOWN = str.maketrans(dict.fromkeys("\u202e\u2066\u2069", "\ufffd"))
FILES = [SCRIPT.replace("/", "\\") + ".pdf", IMAGE + ".pdf", f"{MARKS}.pdf", "\u00e9" * 125 + "x.pdf",
         "javascript:alert(1)"]


@pytest.fixture(scope="module")
def platforms(product):
    for platform, name in NAMES.items():
        product.administer("platform", "create", platform, "--name", name, "--sandbox",
                           "--connector-url", "http://127.0.0.1:9/")
    yield NAMES
    # The other tests' catalogue is as it was.
    for platform in NAMES:
        product.administer("platform", "disable", platform)


def test_names_are_text(visitor, company, platforms, product):
    company.user = company.initialize()["userId"]
    token, _ = product.issued(company.app, "sandbox", taiki_user_id=company.user)
    collector = new_collector(product, "Hostile")
    for platform in platforms:
        collector.recorded(token, {name: pdf() for name in FILES}, platform, mode="sandbox")
    modal = visitor.visit(company)
    metadata = {SCRIPT: IMAGE, "__proto__": {"x": 1}, "marks": MARKS, "long": "x" * 10000}
    visitor.page.evaluate("text => { company.metadata = JSON.parse(text) }", json.dumps(metadata))
    modal.open()
    for name in (name.translate(SHOWN) for name in platforms.values()):
        expect(modal.by_role("button", name)).to_have_count(1)
        expect(modal.by_role("button", f"{name} {last_year()}, {len(FILES)} documents")).to_have_count(1)
    for _ in platforms:
        modal.by_role("button", f"All {len(FILES)} documents").first.click()
    shown = [link.strip() for link in modal.by_role("link").all_inner_texts()]
    for name in FILES:
        assert sum(name.translate(SHOWN) in text for text in shown) == len(platforms), (name, shown)
    for link in modal.by_role("link").all():
        assert link.get_attribute("href").startswith(company.base + "/download/")
    elements = modal.frame.evaluate("[...document.querySelectorAll('script, img, iframe, b')].map(e => e.outerHTML)")
    assert all("alert" not in element and "link" in element for element in elements), elements
    modal.look("hostile-names")
    # Names that run from right to left do not turn what is beside them.
    modal.choose(NAMES["hostile-marks"].translate(SHOWN))
    modal.look("hostile-names-start")
    modal.press("Back")
    modal.retrieve()
    [[_, result]] = visitor.said()
    assert result["metadata"] == metadata
    [webhook] = company.delivered()
    assert webhook["data"]["metadata"] == metadata


@pytest.mark.parametrize("metadata", ["1", "'text'", "[1]", "{a: 1n}", "{text: 'x'.repeat(20000)}"])
def test_metadata_that_is_none(modal, visitor, metadata):
    """What cannot be sent, is too long or no object is refused: each is said, and nothing hangs."""
    visitor.expects(r"4(00|13).*/api/link/open")
    visitor.page.evaluate(
        f"company.metadata = ({metadata}); connect().catch(() => company.said.push(['thrown', {{}}]))")
    what, error = visitor.wait_until_said()[0]
    assert what == "thrown" or (what == "error" and error["message"])
