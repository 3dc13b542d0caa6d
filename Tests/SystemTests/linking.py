"""What a company's server, the page with the modal and a platform's collector say to the QuickStart's endpoints."""

import json
import uuid

import rawhttp
import tokens
from collectors import SANDBOX_PLATFORM, Collector, last_year

# A page that shows the modal.
ORIGIN = "https://planner.example"
# Nobody listens there, and deploy/try allows the network.
NOWHERE = "https://127.0.0.1:1/hook"
KEY = r"lk_link_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}"
FETCHED = "text/plain;charset=UTF-8"  # what fetch() says of a body that is a string

SESSION_OVER = "The session is over: open the modal with a new token"


def embedding_app(product, name, *origins, sandbox_only=False):
    """A client app with a webhook secret and registered origins."""
    app = product.create_app(name, sandbox_only)
    for origin in origins or (ORIGIN,):
        product.administer("app", "origin", "add", app.client_app, origin)
    made = product.administer("webhook", "secret", app.client_app)
    product.secrets.add(made["webhook_secret"])
    app.webhook_secret = made["webhook_secret"]
    return app


# Step 1: the company's server

def initialize(product, app, webhook=NOWHERE, user=None, mode="sandbox", client=None, headers=None, content=None):
    """The answer of POST /initialize-token, asked as Node's fetch() does."""
    headers = {"Content-Type": FETCHED, "TAIKI-SECRET": app.api_secret} | (headers or {})
    if user is not None:
        headers["TAIKI-USER-ID"] = user
    if content is None:
        content = json.dumps({} if webhook is None else {"webhookURL": webhook}).encode()
    headers = {name: value for name, value in headers.items() if value is not None}
    answer = (client.post if client else product.post)(
        product.base_url(mode) + "/initialize-token", headers=headers, content=content)
    if answer.status_code == 200:
        product.tokens.add(answer.json()["temporaryToken"])
    return answer


def initialized(product, app, *where, **options):
    """The members of a good answer."""
    answer = initialize(product, app, *where, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def token_row(token):
    """The id of its row: the claim jti."""
    return str(uuid.UUID(hex=tokens.claims_of(token)["jti"]))


# Step 2: the page and the modal

def open_link(product, token, origin=ORIGIN, metadata=None, mode="sandbox", client=None, **request):
    """The answer of POST /api/link/open. `json` and `headers` replace what is sent."""
    body = {"origin": origin} | ({} if metadata is None else {"metadata": metadata})
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = {"json": body, "headers": headers} | request
    return (client.post if client else product.post)(product.base_url(mode) + "/api/link/open", **request)


def opened(product, app, metadata=None, mode="sandbox", user=None, webhook=NOWHERE):
    """A modal that a new token has opened."""
    token = initialized(product, app, webhook, user, mode)["temporaryToken"]
    answer = open_link(product, token, metadata=metadata, mode=mode)
    assert answer.status_code == 201, answer.text
    return Modal(product, answer.json()["session_key"], mode, token)


class Modal:
    """What the modal asks. Each method returns the answer; those in the past tense insist on a good one."""

    def __init__(self, product, key, mode="sandbox", token=None):
        self.product, self.key, self.mode, self.token = product, key, mode, token

    @property
    def user(self):
        return tokens.claims_of(self.token)["taiki_user_id"]

    def call(self, method, path, client=None, **request):
        headers = {"Authorization": f"Bearer {self.key}"}
        send = client.request if client else self.product.request
        # The path as it stands: httpx would change some.
        return send(method, self.product.base_url(self.mode), headers=headers,
                    extensions={"target": path.encode()}, **request)

    def platforms(self, query=""):
        return self.call("GET", f"/api/link/platforms{query}")

    def attempt(self, platform=SANDBOX_PLATFORM, tax_year=None):
        answer = self.call("POST", "/api/link/attempts", json={
            "platform": platform, "tax_year": tax_year or last_year()})
        if answer.status_code == 201:
            self.product.tokens.add(answer.json()["state"])
        return answer

    def attempted(self, *where, **options):
        answer = self.attempt(*where, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def look(self, attempt, seen=None, client=None):
        """How far the attempt is; waits where that is what was seen."""
        query = f"?seen={seen}" if seen else ""
        return self.call("GET", f"/api/link/attempts/{attempt}{query}", client, timeout=40)

    def seen(self, attempt, *words, **options):
        answer = self.look(attempt, *words, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()


def check_over(answer):
    """The session key is refused, in the words of the contract."""
    assert answer.status_code == 401, (answer.status_code, answer.text)
    assert answer.json() == {"error": "session_expired", "error_description": SESSION_OVER}


# The platform's collector

class Connector(Collector):
    """A collector that is given a state in place of a user's token."""

    def __init__(self, collector):
        super().__init__(collector.product, collector.id, collector.key)

    def begin_with(self, state, mode="sandbox", **members):
        return self.call("POST", "/api/retrievals", mode, json={"state": state} | members)

    def begun_with(self, state, mode="sandbox"):
        answer = self.begin_with(state, mode)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def retrieve(self, state, files, status="success", mode="sandbox", **options):
        """A whole retrieval; what its finish was answered."""
        retrieval = self.begun_with(state, mode)
        for name, content in files.items():
            self.uploaded(retrieval, name, content, mode=mode)
        return self.finished(retrieval, status, mode=mode, **options)


# Requests that wait

class Poll:
    """A long poll on a connection of its own, sent and not yet answered."""

    def __init__(self, modal, attempt, seen="waiting"):
        self.connection = rawhttp.connect(modal.product, mode=modal.mode, timeout=45)
        self.connection.sendall(
            f"GET /api/link/attempts/{attempt}?seen={seen} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {modal.key}\r\nConnection: close\r\n\r\n".encode())

    def answer(self, within=40):
        received = rawhttp.read_to_end(self.connection, within)
        assert received is not None, f"no answer within {within} s"
        self.connection.close()
        [answer] = rawhttp.answers(received)
        return answer

    def leave(self):
        self.connection.close()


def policy(answer):
    """The directives of a page's Content-Security-Policy."""
    [header] = answer.headers.get_list("content-security-policy")
    directives = [part.strip().split(" ") for part in header.split(";")]
    assert len({name for name, *_ in directives}) == len(directives), header
    return {name: values for name, *values in directives}
