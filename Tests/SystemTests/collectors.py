"""What a collector records through nginx, and what a user finds of it afterwards."""

import base64
import datetime
import hashlib
import hmac
import re
import struct
import uuid
from urllib.parse import quote, urlsplit

import tokens

PLATFORMS = {"tests-bank": "Tests Bank", "another-broker": "Another Broker"}
PLATFORM, ANOTHER_PLATFORM = PLATFORMS
SANDBOX_PLATFORM = "first-sandbox-bank"

MEBIBYTE = 1 << 20
LARGEST = 50 * MEBIBYTE


def this_year():
    return datetime.datetime.now(datetime.timezone.utc).year


def last_year():
    return this_year() - 1


def pdf(size=None):
    """A small document that no other equals; of so many bytes where that is asked for."""
    content = b"%PDF-1.7 " + uuid.uuid4().hex.encode()
    return content if size is None else content[:size] + b"x" * (size - len(content))


def escaped(file_name):
    """A name as one segment of a path, every byte of it that could mean something else escaped."""
    name = file_name if isinstance(file_name, bytes) else file_name.encode(errors="surrogateescape")
    return quote(name, safe="").replace(".", "%2E") if set(name) == {ord(".")} else quote(name, safe="")


class Collector:
    """Makes the three calls. Each returns the answer; those in the past tense insist on a good one."""

    def __init__(self, product, collector, key):
        self.product, self.id, self.key = product, collector, key

    def call(self, method, path, mode, client=None, headers=None, **request):
        url = self.product.base_url(mode)
        headers = {"Authorization": f"APIKEY {self.key}"} | (headers or {})
        send = client.request if client else self.product.request
        # The path as it stands: httpx would change some.
        return send(method, url, headers=headers, extensions={"target": path.encode()}, **request)

    def begin(self, token, platform=PLATFORM, tax_year=None, mode="production", **options):
        body = {"access_token": token, "platform": platform, "tax_year": tax_year or last_year()}
        return self.call("POST", "/api/retrievals", mode, json=body, **options)

    def upload(self, retrieval, file_name, content, content_type="application/pdf", mode="production", headers=None,
               **options):
        headers = ({"Content-Type": content_type} if content_type else {}) | (headers or {})
        path = f"/api/retrievals/{retrieval}/files/{escaped(file_name)}"
        return self.call("PUT", path, mode, headers=headers, content=content, **options)

    def finish(self, retrieval, status="success", mode="production", **options):
        members = {"status": status} | options.pop("members", {})
        return self.call("POST", f"/api/retrievals/{retrieval}/finish", mode, json=members, **options)

    def begun(self, token, *where, **options):
        answer = self.begin(token, *where, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def uploaded(self, retrieval, file_name, content, *more, **options):
        answer = self.upload(retrieval, file_name, content, *more, **options)
        assert answer.status_code == 201, (file_name, answer.text)
        return answer.json()

    def finished(self, retrieval, *status, **options):
        answer = self.finish(retrieval, *status, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def recorded(self, token, files, *where, mode="production"):
        """A whole retrieval of files by their names; its id."""
        retrieval = self.begun(token, *where, mode=mode)
        for file_name, content in files.items():
            self.uploaded(retrieval, file_name, content, mode=mode)
        self.finished(retrieval, mode=mode)
        return retrieval


def new_collector(product, name="Tests"):
    made = product.administer("collector", "create", "--name", name)
    product.secrets.add(made["collector_key"])
    return Collector(product, made["collector_id"], made["collector_key"])


# What the user finds

def prior_year(product, token, mode="production", query="", client=None):
    send = client.request if client else product.request
    return send("GET", f"{product.base_url(mode)}/api/prior-year{query}", headers={"Authorization": f"Bearer {token}"})


def page(product, token, mode="production", query=""):
    answer = prior_year(product, token, mode, query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pages(product, token, mode="production", query="", between=None):
    """All pages, by what each says of the next; `between` is called before every other."""
    found = [page(product, token, mode, query)]
    while address := found[-1]["next"]:
        assert address.startswith(product.base_url(mode) + "/api/prior-year?"), address
        if between:
            between()
        found.append(page(product, token, mode, "?" + urlsplit(address).query))
    return found


def documents(product, token, mode="production", query=""):
    """All of a user's documents, by their file names."""
    listed = [document for one in pages(product, token, mode, query) for document in one["documents"]]
    by_name = {document["file_name"]: document for document in listed}
    assert len(by_name) == len(listed)
    return by_name


def download(product, url, method="GET", client=None, **headers):
    """Without a header that says who asks."""
    send = client.request if client else product.request
    return send(method, url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def check_error(answer, status, code, text=None):
    """One of ours, in the dialect of collectors and downloads."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert set(body) == {"error", "error_description"} and body["error"] == code, body
    assert text is None or body["error_description"] == text, body
    assert "retry-after" in answer.headers or status not in (429, 503)


# Addresses of downloads, made by who has the key

def download_keys(product):
    return tokens.read_keys(product.key_files[2])


def link(key, document, client_app, user, expiry, mode="production"):
    kid, secret = key
    packed = uuid.UUID(client_app).bytes + uuid.UUID(user).bytes + struct.pack(">q", expiry)
    signed = f"{kid}.{tokens.base64url(packed)}"
    message = b"\0".join(text.encode() for text in ("latchkey download v1", mode, document, signed))
    return f"{signed}.{tokens.base64url(hmac.digest(secret, message, 'sha256'))}"


def expiry_of(url):
    """When the address says that it ends."""
    [_, packed, _] = urlsplit(url).query.removeprefix("link=").split(".")
    return struct.unpack(">q", base64.urlsafe_b64decode(packed + "==")[32:])[0]


# What the service keeps

def sha256(content):
    return hashlib.sha256(content).hexdigest()


def place(product, content):
    """Where the store keeps this content, be it there or not."""
    name = sha256(content)
    return product.documents / name[:2] / name


def stored(product):
    """The names of all files in the store's folder, whichever they are."""
    return {path.name for path in product.documents.rglob("*") if not path.is_dir()}


def check_store(product):
    """Every file of the store is named by what it holds."""
    for path in product.documents.rglob("*"):
        if not path.is_dir():
            with open(path, "rb") as file:
                assert hashlib.file_digest(file, "sha256").hexdigest() == path.name
            assert path.parent.name == path.name[:2]


def staged(product, retrieval):
    """The files of an open retrieval: their hashes by their names."""
    # Names may hold what ends a line.
    rows = product.sql(f"""
        SELECT encode(convert_to(file_name, 'UTF8'), 'hex'), encode(sha256, 'hex')
          FROM latchkey.retrieval_files WHERE retrieval_id = '{retrieval}'""")
    return {bytes.fromhex(name).decode(): content for name, content in rows}


def deliveries(product, retrieval):
    return int(product.value(
        f"SELECT count(*) FROM latchkey.webhook_deliveries WHERE retrieval_id = '{retrieval}'"))


# Content-Disposition, read as strictly as RFC 6266 and RFC 8187 allow

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t !#-\[\]-~]|\\[\t -~])*"'
EXTENDED = r"UTF-8'[A-Za-z0-9-]*'((?:[!#$&+.^_`|~0-9A-Za-z-]|%[0-9A-Fa-f]{2})*)"


def disposition(value):
    """The file name that a client reads, and the one for a client that knows RFC 2616 alone."""
    kind, *rest = re.split(rf";[ \t]*({TOKEN})[ \t]*=[ \t]*({QUOTED}|{TOKEN})", value)
    assert kind == "attachment", value
    assert not any(rest[2::3]), value
    names = [name.lower() for name in rest[0::3]]
    assert len(set(names)) == len(names), value
    found = dict(zip(names, rest[1::3]))
    extended = re.fullmatch(EXTENDED, found["filename*"])
    assert extended, value
    text = bytes.fromhex(re.sub(
        r"%([0-9A-Fa-f]{2})|(.)", lambda match: match[1] or f"{ord(match[2]):02x}", extended[1]))
    fallback = re.sub(r"\\(.)", r"\1", found["filename"][1:-1]) if found["filename"][0] == '"' else found["filename"]
    return text.decode("utf-8"), fallback
