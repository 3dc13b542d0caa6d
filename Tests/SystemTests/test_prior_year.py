"""GET /api/prior-year: what a returning user finds, and nobody else."""

import datetime
import itertools
import json
import re
import uuid

import pytest

import tokens
from collectors import (
    ANOTHER_PLATFORM, PLATFORM, PLATFORMS, SANDBOX_PLATFORM, documents, expiry_of, last_year, page, pages, pdf,
    prior_year, this_year)
from waiting import eventually

MODES = ["production", "sandbox"]
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def seconds(text):
    assert re.fullmatch(TIME, text), text
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("mode", MODES)
def test_a_new_user_finds_nothing(product, app, mode):
    token, user = product.issued(app, mode)
    answer = prior_year(product, token, mode)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("cache-control") == ["no-store"]
    assert list(answer.json().items()) == [
        ("taiki_user_id", user), ("mode", mode), ("platforms", []), ("documents", []), ("next", None)]


@pytest.mark.parametrize("mode", MODES)
def test_a_finished_retrieval_is_found_as_the_contract_says(product, app, collector, mode):
    token, user = product.issued(app, mode)
    platform, name = (SANDBOX_PLATFORM, "First Sandbox Bank") if mode == "sandbox" else (PLATFORM, PLATFORMS[PLATFORM])
    retrieval = collector.begun(token, platform, mode=mode)
    contents = {"b.pdf": (b"%PDF", "application/pdf"), "a.csv": (b"", "text/csv")}
    for file_name, (content, content_type) in contents.items():
        collector.uploaded(retrieval, file_name, content, content_type, mode=mode)
    # Not before it is finished.
    assert page(product, token, mode)["documents"] == page(product, token, mode)["platforms"] == []
    finished = collector.finished(retrieval, mode=mode)

    answer = prior_year(product, token, mode)
    found = answer.json()
    assert list(found) == ["taiki_user_id", "mode", "platforms", "documents", "next"]
    assert (found["taiki_user_id"], found["mode"], found["next"]) == (user, mode, None)
    [listed] = found["platforms"]
    assert list(listed.items()) == [
        ("platform", platform), ("name", name), ("tax_year", last_year()), ("last_used_at", finished["finished_at"]),
        ("document_count", 2)]
    assert re.fullmatch(TIME, finished["finished_at"])
    assert [one["file_name"] for one in found["documents"]] == ["a.csv", "b.pdf"]
    for document in found["documents"]:
        content, content_type = contents[document["file_name"]]
        number, url, end = (document.pop(name) for name in ("id", "download_url", "expires_at"))
        assert re.fullmatch(UUID, number)
        assert document == {"platform": platform, "tax_year": last_year(), "file_name": document["file_name"],
                            "content_type": content_type, "total_size_bytes": len(content)}
        assert url.startswith(f"{product.base_url(mode)}/download/{number}?link=")
        assert expiry_of(url) == seconds(end)
        date = datetime.datetime.strptime(answer.headers["date"], "%a, %d %b %Y %H:%M:%S GMT")
        made = date.replace(tzinfo=datetime.timezone.utc).timestamp()
        assert made + 895 <= seconds(end) <= made + 901
        answer_of_nginx = product.request("GET", url)
        assert (answer_of_nginx.status_code, answer_of_nginx.content) == (200, content)


def test_a_failed_retrieval_leaves_nothing_to_be_found(product, app, collector):
    token, _ = product.issued(app)
    retrieval = collector.begun(token)
    collector.uploaded(retrieval, "a.pdf", pdf())
    collector.finished(retrieval, "failure")
    found = page(product, token)
    assert found["platforms"] == found["documents"] == []


def test_this_year_is_found_only_where_it_is_asked_for(product, app, collector):
    token, _ = product.issued(app)
    for year in (this_year(), last_year(), last_year() - 3):
        collector.recorded(token, {f"{year}.pdf": pdf()}, PLATFORM, year)

    def years(query):
        found = page(product, token, query=query)
        listed = [one["tax_year"] for one in found["documents"]]
        assert [one["tax_year"] for one in found["platforms"]] == listed
        return listed

    assert years("") == [last_year(), last_year() - 3]
    assert years(f"?tax_year={this_year()}") == [this_year()]
    assert years(f"?tax_year={last_year()}") == [last_year()]
    assert years(f"?tax_year={last_year() - 1}") == []
    assert years("?tax_year=0000") == years("?tax_year=9999") == []


def test_the_newest_year_comes_first_then_the_name_byte_by_byte_then_the_platform(product, app, collector):
    token, _ = product.issued(app)
    names = ["B", "a", "Z", "\u00e4", "z", "_", "10", "9", "\U0001f600", "\uffee", "a b", "a-b", "a.b", "\u05d0"]
    for year, platform in itertools.product((last_year(), last_year() - 1), (ANOTHER_PLATFORM, PLATFORM)):
        collector.recorded(token, {name: pdf() for name in names}, platform, year)
    found = page(product, token)
    order = [(-one["tax_year"], one["file_name"].encode(), one["platform"].encode()) for one in found["documents"]]
    assert len(order) == 4 * len(names) and order == sorted(order)
    order = [(-one["tax_year"], one["name"].encode()) for one in found["platforms"]]
    assert len(order) == 4 and order == sorted(order)


def test_a_document_that_is_retrieved_again_takes_the_place_of_the_older(product, app, collector):
    token, _ = product.issued(app)
    collector.recorded(token, {"a.pdf": b"old", "b.pdf": b"other"})
    before = documents(product, token)
    collector.recorded(token, {"a.pdf": b"newer", "c.pdf": b"third"})
    after = documents(product, token)
    assert set(after) == {"a.pdf", "b.pdf", "c.pdf"}
    assert after["a.pdf"]["id"] == before["a.pdf"]["id"] and after["b.pdf"]["id"] == before["b.pdf"]["id"]
    assert after["a.pdf"]["total_size_bytes"] == 5
    assert product.request("GET", after["a.pdf"]["download_url"]).content == b"newer"
    # The address of the document, not of what it once held.
    assert product.request("GET", before["a.pdf"]["download_url"]).content == b"newer"
    [platform] = page(product, token)["platforms"]
    assert platform["document_count"] == 3


def keys_of(found):
    return [(-one["tax_year"], one["file_name"].encode(), one["platform"].encode()) for one in found]


def test_450_documents_come_page_by_page_each_once_while_others_are_recorded(product, app, collector):
    token, _ = product.issued(app)
    years = [last_year() - back for back in range(3)]
    wanted = set()
    for year, platform in [*itertools.product(years, (PLATFORM,)), *itertools.product(years[:2], (ANOTHER_PLATFORM,))]:
        names = [f"{number:03}-{uuid.uuid4().hex[:6]}.pdf" for number in range(90)]
        collector.recorded(token, dict.fromkeys(names, b"one content"), platform, year)
        wanted |= {(year, name, platform) for name in names}
    assert len(wanted) == 450
    rounds = itertools.count()

    def between():
        # At the beginning, in the middle and at the end of what is being read.
        number = next(rounds)
        for year in years:
            names = [f"000-{number}", f"045-{number}", f"zzz-{number}"]
            collector.recorded(token, dict.fromkeys(names, b"another"), PLATFORM, year)

    found = [one for listed in pages(product, token, between=between) for one in listed["documents"]]
    assert next(rounds) >= 2
    listed = [(one["tax_year"], one["file_name"], one["platform"]) for one in found]
    assert len(listed) == len(set(listed)) and wanted <= set(listed)
    assert keys_of(found) == sorted(keys_of(found))
    # A year of it, in pages as well.
    year = years[0]
    one_year = pages(product, token, query=f"?tax_year={year}")
    assert [len(one["documents"]) for one in one_year][:-1] == [200] * (len(one_year) - 1)
    found = [one for listed in one_year for one in listed["documents"]]
    assert {(one["tax_year"], one["file_name"], one["platform"]) for one in found} >= {
        key for key in wanted if key[0] == year}
    assert {one["tax_year"] for one in found} == {year}
    assert keys_of(found) == sorted(keys_of(found))


def test_more_platforms_than_fit_into_a_page_come_each_once(product, app, collector):
    token, _ = product.issued(app)
    years = range(this_year() - 105, this_year())
    for year, platform in itertools.product(years, PLATFORMS):
        collector.recorded(token, {}, platform, year)
    collector.recorded(token, {"a.pdf": pdf()})
    found = pages(product, token)
    listed = [(-one["tax_year"], one["name"]) for every in found for one in every["platforms"]]
    assert len(listed) == 210 and listed == sorted(set(listed))
    assert max(len(every["platforms"]) for every in found) == 200
    assert [one["file_name"] for every in found for one in every["documents"]] == ["a.pdf"]


def test_what_one_mode_holds_is_nowhere_in_the_other(product, app, collector):
    for mode, other in (MODES, MODES[::-1]):
        token, user = product.issued(app, mode)
        collector.recorded(token, {"a.pdf": pdf()}, mode=mode)
        crossed = prior_year(product, token, other)
        assert (crossed.status_code, crossed.content) == (401, product.verify(token, other).content)
        assert product.token(app, other, taiki_user_id=user).status_code == 401


def test_a_user_of_another_app_with_the_same_id_finds_its_own_only(product, app, collector):
    token, user = product.issued(app)
    collector.recorded(token, {"a.pdf": pdf()})
    another = product.create_app("Another with the same id")
    product.sql(f"""
        INSERT INTO latchkey.users (client_app_id, id, mode, last_seen_on)
        VALUES ('{another.client_app}', '{user}', 'production', current_date)""")
    other, _ = product.issued(another, taiki_user_id=user)
    found = page(product, other)
    assert found["taiki_user_id"] == user and found["platforms"] == found["documents"] == []
    collector.recorded(other, {"b.pdf": pdf()})
    assert list(documents(product, other)) == ["b.pdf"] and list(documents(product, token)) == ["a.pdf"]


def test_an_erased_user_is_refused_within_a_second_and_nothing_of_it_is_kept(product, app, collector):
    token, user = product.issued(app)
    collector.recorded(token, {"a.pdf": pdf()})
    open_one = collector.begun(token)
    collector.uploaded(open_one, "b.pdf", pdf())
    product.administer("user", "erase", user, "--app", app.client_app)
    eventually(lambda: prior_year(product, token).status_code == 401, 1, "the user is gone")
    for table in ("platform_links", "documents", "retrievals", "webhook_deliveries"):
        assert product.value(f"SELECT count(*) FROM latchkey.{table} WHERE user_id = '{user}'") == "0", table
    assert product.value(f"SELECT count(*) FROM latchkey.retrieval_files WHERE retrieval_id = '{open_one}'") == "0"


WRONG = [
    "TOKEN_OF_OTHER_MODE", "EXPIRED_TOKEN", "FUTURE_TOKEN", "LONG_LIVED_TOKEN", "FORGED_TOKEN", "UNKNOWN_KEY_TOKEN",
    "ALG_NONE_TOKEN", "HS512_TOKEN", "CRITICAL_TOKEN", "OTHER_TYPE_TOKEN", "REPEATED_TOKEN", "REFRESH_TOKEN",
    "AUDIENCE_TOKEN", "WITHOUT_ID_TOKEN", "REVOKED_TOKEN", "TOKEN_OF_DISABLED_APP", "TOKEN_OF_ERASED_USER",
]


@pytest.mark.parametrize("mode", MODES)
def test_refusals_are_those_of_verify_byte_for_byte(product, prepared, mode):
    values = prepared.values(mode)
    sent = [f"Bearer {values[name]}" for name in WRONG]
    sent += ["Bearer", "Bearer a b", "Bearer a", "bearer a.b.c", "Basic YTpi", "APIKEY x", "Token x", "",
             "x", values["TOKEN"], f"Bearer {values['TOKEN']} x", f"Bearer {values['TOKEN']}x",
             f"Bearer,{values['TOKEN']}"]
    for authorization in [None, *sent]:
        headers = {} if authorization is None else {"Authorization": authorization}
        verified = product.post(product.base_url(mode) + "/api/verify-token", headers=headers)
        answer = product.request("GET", product.base_url(mode) + "/api/prior-year", headers=headers)
        assert answer.status_code == verified.status_code == 401, authorization
        assert answer.content == verified.content, authorization
        for name in ("content-type", "www-authenticate", "cache-control"):
            assert answer.headers.get_list(name) == verified.headers.get_list(name), authorization
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {values['TOKEN']}"}
        assert product.request("GET", product.base_url(mode) + "/api/prior-year", headers=headers).status_code == 200


def test_a_token_of_simplejwt_opens_what_production_holds(product, app, collector):
    token, user = product.issued(app)
    collector.recorded(token, {"a.pdf": pdf()})
    made = tokens.signed(tokens.claims(app.client_app, user, mode=None), tokens.read_keys(product.key_files[0])[0],
                         {"kid": None})
    assert list(documents(product, made)) == ["a.pdf"]
    assert prior_year(product, made, "sandbox").status_code == 401


@pytest.fixture(scope="module")
def full(product, app, collector):
    """A token whose user has two pages."""
    token, _ = product.issued(app)
    for back in range(3):
        names = [f"{number:02}.pdf" for number in range(80)]
        collector.recorded(token, dict.fromkeys(names, b"one content"), PLATFORM, last_year() - back)
    return token


IGNORED = ["?", "?&", "?&&&", "?=", "?x", "?x=1", "?x=1&x=2", "?TAX_YEAR=1", "?tax_years=1", "?a%00b=1",
           "?" + "a=b&" * 500, "?%ff=%ff", "?x=%zz", "?;tax_year=x"]
REFUSED = {
    "tax_year": ["", "24", "20245", "2O24", "+202", "-202", " 202", "2024 ", "20%2024", "2024.0", "%00", "2024%00",
                 "%zz", "%ff", "\u0662\u0660\u0662\u0664", "0x7e", "1e03", "2024,2023", "NULL", "' OR 1=1 --"],
    "after": ["", "x", "AAAA", "AAAAAA==", "%00", "%zz", "a b", "..", "*", "A" * 2000, "2024", "MjAyNA"],
}
TEXTS = {"tax_year": "tax_year must be a year of four digits", "after": "after is not a cursor that this service gave"}


def refused(product, token, query):
    """The text of a 400."""
    answer = product.request(
        "GET", product.base_url() + "/api/prior-year", headers={"Authorization": f"Bearer {token}"},
        extensions={"target": f"/api/prior-year?{query}".encode()})
    assert answer.status_code == 400, (query, answer.text)
    assert answer.headers["content-type"] == "application/json" and list(answer.json()) == ["detail"]
    return answer.json()["detail"]


def test_a_query_that_says_nothing_to_us_is_ignored(product, full):
    plain = page(product, full)
    for query in IGNORED:
        answer = product.request(
            "GET", product.base_url() + "/api/prior-year", headers={"Authorization": f"Bearer {full}"},
            extensions={"target": f"/api/prior-year{query}".encode()})
        assert answer.status_code == 200, (query, answer.text)
        assert [one["id"] for one in answer.json()["documents"]] == [one["id"] for one in plain["documents"]], query


@pytest.mark.parametrize("name", REFUSED)
def test_a_parameter_that_is_malformed_is_refused(product, full, name):
    for value in REFUSED[name]:
        text = "".join(letter if letter.isascii() and letter not in " '#" else "".join(
            f"%{byte:02x}" for byte in letter.encode()) for letter in value)
        assert refused(product, full, f"{name}={text}") == TEXTS[name], value
        # Wrong as well where the rest is right.
        assert refused(product, full, f"x=1&{name}={text}&y=2") == TEXTS[name], value


def test_a_parameter_that_comes_twice_is_refused(product, full):
    after = page(product, full)["next"].partition("after=")[2]
    for query in ("tax_year=2020&tax_year=2020", "tax_year=2020&tax_year=2021", f"after={after}&after={after}",
                  f"tax_year=2020&after={after}&tax_year=2020"):
        assert refused(product, full, query)


def test_a_query_of_10_kib_is_refused_as_json(product, full):
    answer = prior_year(product, full, query="?" + "a" * 10240)
    assert answer.status_code == 414
    # nginx has not read the path by then, and so does not know its dialect.
    assert set(answer.json()) == {"error", "error_description"}


def test_no_other_byte_than_those_given_makes_a_cursor(product, full):
    """A changed cursor is either one of another place or refused; it never shows what is not this user's."""
    own = {one["id"] for every in pages(product, full) for one in every["documents"]}
    assert len(own) == 240
    after = page(product, full)["next"].partition("after=")[2]
    outcomes = set()
    for index in range(len(after)):
        for letter in "A_9":
            changed = after[:index] + letter + after[index + 1:]
            answer = prior_year(product, full, query=f"?after={changed}")
            outcomes.add(answer.status_code)
            if answer.status_code == 200:
                assert {one["id"] for one in answer.json()["documents"]} <= own
            else:
                assert (answer.status_code, answer.json()["detail"]) == (400, TEXTS["after"])
    for cut in (after[:-1], after[1:], after[:len(after) // 2], after + "A", after + "AAAA", after + "=", "A" + after):
        assert refused(product, full, f"after={cut}") == TEXTS["after"]
    assert 400 in outcomes


def test_a_cursor_of_one_user_shows_another_its_own_documents_only(product, app, collector, full):
    token, _ = product.issued(app)
    collector.recorded(token, {"zzz.pdf": pdf()}, PLATFORM, last_year() - 5)
    after = page(product, full)["next"].partition("after=")[2]
    found = page(product, token, query=f"?after={after}")
    assert [one["file_name"] for one in found["documents"]] == ["zzz.pdf"]


def test_no_other_method_is_answered(product, app):
    token, _ = product.issued(app)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        answer = product.request(
            method, product.base_url() + "/api/prior-year", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 405, method
        assert answer.headers["allow"] == "GET"
        assert method == "HEAD" or set(answer.json()) == {"detail"}


def test_without_the_database_it_is_503_in_the_words_of_verify(product, app, database):
    token, _ = product.issued(app)
    database.stop_postgres()
    answer = prior_year(product, token)
    assert answer.status_code == 503
    assert answer.headers["retry-after"].isdecimal()
    assert list(json.loads(answer.text)) == ["detail"]
