"""Golden files: reading them, filling them in, and comparing an answer. Golden/README.md describes the format."""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "Golden"

ANY = {
    "jwt": r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
    "url": r"https://[A-Za-z0-9._~:/?=&-]+",
    "number": r"[1-9][0-9]*",
    "secret": r"lk_[a-z]{4}_[A-Za-z0-9_-]{49}",
    "page": r"<!(?:doctype|DOCTYPE) html>[\s\S]*",
    "text": r'(?:[^"\\\x00-\x1f]|\\.)+',
}
SETTINGS = {"mode": ("production", "sandbox"), "database": ("there", "away", "away for too long")}


@dataclass
class Golden:
    name: str
    mode: str
    database: str
    method: str
    path: str
    request_headers: list
    request_body: str
    status: int
    answer_headers: list
    answer_body: str


def files(database="there"):
    found = [read(path) for path in sorted(FOLDER.rglob("*.http"))]
    assert found, f"no golden file in {FOLDER}"
    return [golden for golden in found if golden.database == database]


def read(path):
    lines = path.read_text().removesuffix("\n").split("\n")
    settings = {name: values[0] for name, values in SETTINGS.items()}
    sentences = 0
    while lines[0].startswith("#"):
        words = lines.pop(0).removeprefix("#").strip()
        name, _, value = words.partition(": ")
        if name in SETTINGS:
            assert value in SETTINGS[name], f"{path}: {name} cannot be {value}"
            settings[name] = value
        else:
            sentences += 1
    assert sentences, f"{path} does not say what it shows"
    middle = lines.index("=====")
    request, answer = lines[:middle], lines[middle + 1:]
    method, address = request.pop(0).split(" ", 1)
    request_headers, request_body = headers_and_body(request)
    status = int(answer.pop(0))
    answer_headers, answer_body = headers_and_body(answer)
    return Golden(
        str(path.relative_to(FOLDER)), settings["mode"], settings["database"], method, address, request_headers,
        request_body, status, answer_headers, answer_body)


def headers_and_body(lines):
    end = lines.index("") if "" in lines else len(lines)
    headers = []
    for line in lines[:end]:
        name, separator, value = line.partition(":")
        assert separator, f"not a header: {line}"
        headers.append((name, value.strip()))
    return headers, "\n".join(lines[end + 1:])


def filled(text, values):
    """The text as bytes, with `${NAME}` replaced; a name that nobody prepared is a mistake of the file."""
    def value(match):
        found = values[match[1].decode()]
        return found if isinstance(found, bytes) else found.encode()
    return re.sub(rb"\$\{([A-Z0-9_]+)\}", value, text.encode())


def pattern(text, values):
    """What an answer must match as a whole."""
    parts = re.split(r"\$\{(any:[a-z]+|[A-Z0-9_]+)\}", text)
    result = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            result += re.escape(part)
        elif part.startswith("any:"):
            result += ANY[part.removeprefix("any:")]
        else:
            result += re.escape(values[part])
    return result


def play(product, prepared, client, case):
    """Sends a golden file's request and compares the answer."""
    values = prepared.values(case.mode)
    path = filled(case.path, values)
    # The path as it stands in the file: httpx would change some.
    answer = client.request(
        case.method, product.base_url(case.mode) + path.decode(), extensions={"target": path},
        headers=[(name, filled(value, values)) for name, value in case.request_headers],
        content=filled(case.request_body, values))
    assert answer.status_code == case.status, answer.text
    for name, value in case.answer_headers:
        assert answer.headers.get_list(name) == [filled(value, values).decode()], name
    assert re.fullmatch(pattern(case.answer_body, values), answer.text), answer.text
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["x-request-id"])
    return answer
