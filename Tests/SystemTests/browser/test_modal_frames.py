"""Where the modal's page is shown, and what it and its files are sent with."""

import re

import pytest
from playwright.sync_api import expect

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          " base-uri 'none'; form-action 'none'; frame-ancestors ")
NOBODY = "00000000-0000-4000-8000-000000000000"


def page_of(company, client_app=None, method="GET"):
    query = f"?client_app={client_app or company.app.client_app}"
    return company.product.request(method, company.base + "/link/" + query)


def check_headers(answer):
    headers = answer.headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert len(headers.get_list("strict-transport-security")) == 1
    assert "server" not in headers or not re.search(r"\d", headers["server"])


def test_the_page(company):
    answer = page_of(company)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers.get_list("content-security-policy") == [POLICY + company.origin]
    check_headers(answer)
    assert re.fullmatch(r"[a-z-]+=\(\)(, ?[a-z-]+=\(\))+", answer.headers["permissions-policy"])
    # Another rule than frame-ancestors about the same thing.
    assert "x-frame-options" not in answer.headers
    head = page_of(company, method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-security-policy"] == answer.headers["content-security-policy"]
    # No more of the user or the app is in it than in anybody's.
    assert answer.content == page_of(company, NOBODY).content


def test_an_app_with_several_origins(company):
    others = ["https://app.example.com", "http://localhost:3000"]
    for origin in others:
        company.register(origin)
    try:
        policy = page_of(company).headers["content-security-policy"]
    finally:
        for origin in others:
            company.unregister(origin)
    assert policy == POLICY + " ".join(sorted([*others, company.origin]))


@pytest.mark.parametrize("client_app", [
    NOBODY, "x", "%00", "'none'%20*", "%0d%0aX-Header:%20y", "a" * 2000, "..%2f..%2fetc%2fpasswd"])
def test_an_app_that_there_is_not(company, client_app):
    """It looks as any other, and nobody may frame it."""
    answer = page_of(company, client_app)
    assert answer.status_code == 200 and answer.headers["content-security-policy"] == POLICY + "'none'"
    assert "x-header" not in answer.headers


def test_its_files(company, product):
    page = page_of(company).text
    addresses = {name for name in re.findall(r'(?:src|href)="([^"]+)"', page) if not name.startswith("#")}
    assert any(name.endswith(".css") for name in addresses) and any(name.endswith(".js") for name in addresses)
    loader = "/link/link-initialize.js"
    for name in {*addresses, loader}:
        answer = product.request("GET", company.base + (name if name.startswith("/") else f"/link/{name}"))
        assert answer.status_code == 200, name
        check_headers(answer)
        assert answer.headers["content-type"].split(";")[0] in (
            ("text/javascript", "application/javascript") if name.endswith(".js") else ("text/css", "image/svg+xml"))
        assert answer.headers["cache-control"] == "no-cache" and answer.headers["etag"]
    answer = product.request("GET", company.base + loader)
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(answer.content) < 8 * 1024
    # Neither code nor style stands in the page itself.
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def test_the_page_outside_of_a_frame(visitor, company):
    visitor.expects("favicon.ico")
    visitor.page.goto(f"{company.base}/link/?client_app={company.app.client_app}")
    expect(visitor.page.get_by_text("This page is opened by the app that embeds it.")).to_be_visible()
    visitor.look("not-in-a-frame")
    assert not [url for url in visitor.requests if "/api/" in url]


def test_nobody_else_may_frame_it(visitor, company, stranger):
    visitor.expects("frame-ancestors")
    visitor.page.goto(stranger.origin)
    visitor.page.evaluate("""url => new Promise(resolve => {
        const frame = document.createElement("iframe");
        frame.onload = resolve;
        frame.src = url;
        document.body.append(frame);
    })""", f"{company.base}/link/?client_app={company.app.client_app}")
    [frame] = visitor.page.main_frame.child_frames
    assert frame.url.startswith("chrome-error:"), frame.url


def test_it_may_be_framed_where_it_is_registered(visitor, company):
    """What the test before would say if there were no difference."""
    visitor.page.goto(company.origin + "/bare")
    frame = visitor.page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Connect your accounts")).to_be_attached()


def test_the_loader_leaves_one_name_behind(modal, visitor):
    assert visitor.page.evaluate("Object.keys(Taiki).join() + Object.isFrozen(Taiki)") == "createtrue"
