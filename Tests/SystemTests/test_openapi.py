"""openapi/openapi.json: whether it is an OpenAPI document, has every endpoint, and says what is really answered."""

import copy
import json
import re

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

import golden
from product import CHECKOUT

DOCUMENT = json.loads((CHECKOUT / "openapi/openapi.json").read_text())
METHODS = {"get", "head", "put", "post", "delete", "options", "patch", "trace"}


def strict(schema):
    """The schema without room for members that it does not name: a client may ignore those, we must describe them."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: strict(part) for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("unevaluatedProperties", False)
    return schema


COMPONENTS = strict(copy.deepcopy(DOCUMENT["components"]))


def check(value, schema):
    """Insists that a value is as the schema says."""
    validator = Draft202012Validator(
        strict(schema) | {"components": COMPONENTS}, format_checker=FormatChecker(["date-time", "uuid"]))
    mistakes = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert not mistakes, mistakes


def followed(part):
    """What a reference leads to."""
    while "$ref" in part:
        found = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def path_of(address):
    """The path of the document that an address is of, or None."""
    for path in DOCUMENT["paths"]:
        # The last part takes any text, as the responder does, which refuses what is wrong with it.
        pattern = re.sub(r"\\{\w+\\}", "[^/?]+", re.escape(path).removesuffix(r"\}"))
        pattern = pattern if not path.endswith("}") else re.sub(r"\\{\w+$", "[^?]*", pattern)
        if re.fullmatch(pattern + r"(\?.*)?", address):
            return path


def described(method, address, status):
    """What the document says of such an answer."""
    path = path_of(address)
    responses = DOCUMENT["components"]["responses"]
    if path is None:
        assert status in (404, 400), f"{method} {address} is answered {status} and not in the document"
        return responses["NotFound"] if status == 404 else {}
    operation = DOCUMENT["paths"][path].get(method.lower())
    if operation is None:
        assert status == 405, f"{method} {path} is answered {status} and not in the document"
        one = next(part for name, part in DOCUMENT["paths"][path].items() if name in METHODS)
        kind = one["responses"]["500"]["$ref"].rpartition("/")[2].removesuffix("ServerError")
        return responses[kind + "MethodNotAllowed"]
    assert str(status) in operation["responses"], f"{method} {path} is answered {status}, which is not in the document"
    return followed(operation["responses"][str(status)])


def check_answer(method, address, status, headers, body):
    response = described(method, address, status)
    for name, header in response.get("headers", {}).items():
        header = followed(header)
        assert name in headers or not header.get("required"), f"{status} of {address} has no {name}"
        if name in headers:
            check(headers[name], header["schema"])
    content = response.get("content", {})
    if "application/json" in content and method != "HEAD":
        assert headers["Content-Type"] == "application/json"
        check(json.loads(body), content["application/json"]["schema"])


def test_it_is_an_openapi_document():
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_all_that_it_refers_to_is_there_and_nothing_lies_unused():
    text = json.dumps(DOCUMENT)
    used = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', text))
    there = {f"{kind}/{name}" for kind in ("schemas", "responses", "headers", "parameters")
             for name in DOCUMENT["components"][kind]}
    # Of every path: the document says so at its beginning.
    assert there - used == {
        "responses/NotFound", "responses/MethodNotAllowed", "responses/DetailMethodNotAllowed",
        "responses/SentenceMethodNotAllowed"}
    assert used <= there
    schemes = {name for item in DOCUMENT["paths"].values() for method, operation in item.items() if method in METHODS
               for requirement in operation["security"] for name in requirement}
    assert schemes == set(DOCUMENT["components"]["securitySchemes"])


def routes():
    """Every endpoint of the responder: name, methods and path, from the one list that there is."""
    text = (CHECKOUT / "Sources/HTTPAPI/Route.swift").read_text()
    cases = dict(re.findall(r'case (\w+) = "(\w+)"', text))
    paths = dict(re.findall(r'case \.(\w+): "(/[^"]*)"', text))
    methods = {name: {method} for names, method in re.findall(r"case ((?:\.\w+(?:, )?)+): \.(get|post|put)\b", text)
               for name in re.findall(r"\w+", names)}
    for name in re.findall(r"\w+", re.search(r"answersHead: Bool \{ ([^}]*) \}", text)[1]):
        if name in cases:
            methods[name].add("head")
    assert cases and cases.keys() == paths.keys() == methods.keys(), "Route.swift reads otherwise than expected"
    return {(paths[name], method, cases[name]) for name in cases for method in methods[name]}


def test_it_has_every_endpoint_of_the_responder_and_no_other():
    there = {(path, method, operation["operationId"].removeprefix("head_"))
             for path, item in DOCUMENT["paths"].items() for method, operation in item.items() if method in METHODS}
    assert there == routes()


@pytest.mark.parametrize("case", golden.files(), ids=lambda case: case.name)
def test_a_golden_answer_is_as_described(product, prepared, case):
    with product.client() as client:
        answer = golden.play(product, prepared, client, case)
    check_answer(case.method, case.path, answer.status_code, answer.headers, answer.text)


@pytest.mark.parametrize(
    "case", golden.files("away") + golden.files("away for too long"), ids=lambda case: case.name)
def test_a_golden_answer_without_a_database_is_as_described(case):
    made = {"any:uuid": "01a1fd62-521a-7869-87cb-94db920554b6", "any:jwt": "a.b.c", "any:text": "text",
            "USER": "01a1fd62-521a-7869-87cb-94db920554b6", "CLIENT_APP": "01a1fd62-521a-7869-87cb-94db920554b6",
            "any:number": "7"}
    body = re.sub(r"\$\{([\w:]+)\}", lambda match: made[match[1]], case.answer_body)
    # Whoever writes an answer adds these two.
    headers = dict(case.answer_headers) | {"X-Request-Id": "x", "Cache-Control": "no-store"}
    check_answer(case.method, case.path, case.status, headers, body)


def call(product, method, path, mode="sandbox", **request):
    """An answer, which must be as described."""
    with product.client() as client:
        answer = client.request(method, product.base_url(mode) + path, **request)
    check_answer(method, path, answer.status_code, answer.headers, answer.text)
    return answer


def test_a_whole_retrieval_is_as_described(product):
    collector = {"Authorization": f"APIKEY {product['COLLECTOR_KEY']}"}
    token, user = product.issued(product.demo, "sandbox")
    bearer = {"Authorization": f"Bearer {token}"}
    begin = {"access_token": token, "platform": "first-sandbox-bank", "tax_year": 2020}
    begun = call(product, "POST", "/api/retrievals", json=begin, headers=collector)
    assert begun.status_code == 201, begun.text
    path = f"/api/retrievals/{begun.json()['id']}"
    put = call(product, "PUT", path + "/files/a%20b.txt", content=b"text",
               headers=collector | {"Content-Type": "text/plain; charset=utf-8"})
    assert (put.status_code, put.json()["content_type"]) == (201, "text/plain")
    finish = {"status": "success", "metadata": {"a": [1]}}
    for _ in range(2):
        assert call(product, "POST", path + "/finish", json=finish, headers=collector).json()["document_count"] == 1
    page = call(product, "GET", "/api/prior-year?tax_year=2020", headers=bearer).json()
    assert page["taiki_user_id"] == user and len(page["documents"]) == len(page["platforms"]) == 1
    link = page["documents"][0]["download_url"].removeprefix(product.base_url("sandbox"))
    got = call(product, "GET", link)
    assert got.content == b"text" and call(product, "HEAD", link).status_code == 200
    assert call(product, "GET", link, headers={"Range": "bytes=1-2"}).content == b"ex"
    assert call(product, "GET", link, headers={"Range": "bytes=0-0,2-2"}).status_code == 206
    assert call(product, "GET", link, headers={"If-None-Match": got.headers["ETag"]}).status_code == 304
    assert call(product, "GET", link, headers={"If-Match": '"other"'}).status_code == 412
    assert call(product, "GET", link, headers={"Range": "bytes=99-"}).status_code == 416

    # And what is refused.
    refused = [
        (401, call(product, "POST", "/api/retrievals", json=begin)),
        (400, call(product, "POST", "/api/retrievals", json={}, headers=collector)),
        (400, call(product, "POST", "/api/retrievals", json=begin | {"access_token": "x"}, headers=collector)),
        (400, call(product, "POST", "/api/retrievals", json=begin | {"platform": "none"}, headers=collector)),
        (415, call(product, "POST", "/api/retrievals", content=b"x", headers=collector | {"Content-Type": "text/x"})),
        (413, call(product, "POST", "/api/retrievals", content=b"x" * 17000, headers=collector)),
        (401, call(product, "PUT", path + "/files/a")),
        (409, call(product, "PUT", path + "/files/a", content=b"", headers=collector)),
        (400, call(product, "PUT", path + "/files/a%2Fb", content=b"", headers=collector)),
        (404, call(product, "PUT", f"/api/retrievals/{user}/files/a", content=b"", headers=collector)),
        (413, call(product, "PUT", path + "/files/a", content=bytes(52428801), headers=collector)),
        (415, call(product, "PUT", path + "/files/a", content=b"x",
                   headers=collector | {"Content-Encoding": "gzip"})),
        (401, call(product, "POST", path + "/finish", json=finish)),
        (404, call(product, "POST", f"/api/retrievals/{user}/finish", json=finish, headers=collector)),
        (409, call(product, "POST", path + "/finish", json={"status": "failure"}, headers=collector)),
        (401, call(product, "GET", "/api/prior-year")),
        (400, call(product, "GET", "/api/prior-year?tax_year=x", headers=bearer)),
        (400, call(product, "GET", "/api/prior-year?after=x", headers=bearer)),
        (403, call(product, "GET", link + "x")),
        (403, call(product, "GET", link.partition("?")[0])),
        (405, call(product, "POST", link, content=b"")),
        (405, call(product, "TRACE", link)),
        (405, call(product, "GET", path + "/files/a")),
        (405, call(product, "TRACE", path + "/files/a")),
        (405, call(product, "POST", "/api/prior-year")),
        (405, call(product, "TRACE", "/api/prior-year")),
        (404, call(product, "GET", "/latchkey-documents/ab/" + "ab" * 32)),
    ]
    assert [answer.status_code for _, answer in refused] == [status for status, _ in refused]
