"""A company that embeds the modal as the QuickStart tells it to: its server, its page, and its receiver of webhooks."""

import http.server
import json
import os
import subprocess
import threading
import uuid
from pathlib import Path

import playwright
from standardwebhooks import Webhook

from product import CHECKOUT
from receivers import Receiver
from waiting import eventually

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A company</title>
<main>
<h1>A company</h1>
<p><button type="button">Connect</button> <a href="#elsewhere">Something else</a></p>
</main>
<script src="@BASE@/link/link-initialize.js"></script>
<script src="/@SCRIPT@.js"></script>
</html>
"""

# Playwright brings one along.
NODE = Path(playwright.__file__).parent / "driver/node"

# What a company writes when it copies step 1: the address in full, its own words, and the `await` that is missing.
STEP_1 = """
const {BASE, YOUR_SECRET_KEY, YOUR_SAVED_TAIKI_ID, YOUR_WEBHOOK_URL} = process.env

const tokenResponse = await fetch(BASE + "/initialize-token", {
    method: 'POST',
    headers: {
        'TAIKI-SECRET': YOUR_SECRET_KEY,
        'TAIKI-USER-ID': YOUR_SAVED_TAIKI_ID //optional to use saved user credentials
    },
    body: JSON.stringify({ webhookURL: YOUR_WEBHOOK_URL })
})

const data = await tokenResponse.json()
// For client to open Taiki Link Modal
const TEMPORARY_TOKEN = data.temporaryToken
// To associate the user's login credentials with a unique ID
const TAIKI_USER_ID = data.userId

console.log(JSON.stringify({TEMPORARY_TOKEN, TAIKI_USER_ID}))
"""

# What it writes when it copies step 2 and fills in its own words.
QUICKSTART = """
const YOUR_METADATA = {session: "quick", "n": [1, 2.5, null, "\\u00e9"]}
const YOUR_FUNCTION = (result) => { window.result = result }

document.querySelector("button").onclick = async () => {
    const TEMPORARY_TOKEN = await (await fetch("/token", {method: "POST"})).text()

    const taikiModal = window.Taiki.create({
        token: TEMPORARY_TOKEN,
        metadata: YOUR_METADATA,
        onSuccess: YOUR_FUNCTION
    })

    taikiModal.open() //to open the modal
}
"""

# The same with all callbacks, and with what tests look at and change.
SCRIPT = """
const company = {metadata: {session: "1"}, said: [], modals: []};

async function connect() {
    const token = await (await fetch("/token", {method: "POST"})).text();
    const modal = window.Taiki.create({
        token,
        metadata: company.metadata,
        onSuccess: (result) => company.said.push(["success", result]),
        onError: (error) => company.said.push(["error", error]),
        onExit: (...nothing) => company.said.push(["exit", ...nothing]),
    });
    company.modals.push(modal);
    modal.open();
}

document.querySelector("button").addEventListener("click", connect);
"""

# What a sanitiser may leave of a comment.
COMMENT = "<form name='currentScript'></form>"

# The modal's page in a frame, and nobody who gives it a token.
BARE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A bare frame</title>
<main><h1>A bare frame</h1></main>
<iframe title="Connect your accounts" src="@BASE@/link/?client_app=@APP@"></iframe>
</html>
"""

SCRIPTS = {"/quickstart.js": QUICKSTART, "/company.js": SCRIPT}


class Server:
    """Serves on 127.0.0.1 what `answer(method, path)` returns: a content type, a body and a policy."""

    def __init__(self):
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self):
                content_type, body, policy = answer(self.command, self.path)
                self.send_response(200 if content_type else 404 if self.path != "/favicon.ico" else 204)
                self.send_header("content-type", content_type or "text/plain")
                self.send_header("content-length", str(len(body.encode())))
                if policy:
                    self.send_header("content-security-policy", policy)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, method, path):
        """An empty page: of a stranger."""
        return "text/html", "<!doctype html><title>A stranger</title>", None

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Company(Server):
    """Has a client app, and its server's origin registered for it."""

    def __init__(self, product, name, mode="sandbox", base=None):
        self.product = product
        self.base = base or product.base_url(mode)
        self.app = product.create_app(name)
        self.receiver = Receiver()
        self.webhooks = f"http://127.0.0.1:{self.receiver.port}"
        made = product.administer(
            "webhook", "configure", self.app.client_app, "--url", self.webhooks + "/of-the-app")
        self.webhook_secret = made["webhook_secret"]
        product.secrets.add(self.webhook_secret)
        self.http = product.client()
        self.forget()
        super().__init__()
        self.register(self.origin)

    def forget(self):
        """What a test asked for is over."""
        self.user = None    # who comes back
        self.token = None   # handed out in place of a new one
        self.issued = []    # answers of step 1
        # What an earlier test left under way arrives elsewhere.
        self.hook = f"/{uuid.uuid4()}"

    def register(self, origin):
        self.product.administer("app", "origin", "add", self.app.client_app, origin)

    def unregister(self, origin):
        self.product.administer("app", "origin", "remove", self.app.client_app, origin)

    def initialize(self):
        """Step 1, as fetch() sends it: a body that is a string is text/plain."""
        headers = {"TAIKI-SECRET": self.app.api_secret, "Content-Type": "text/plain;charset=UTF-8"}
        if self.user:
            headers["TAIKI-USER-ID"] = self.user
        answer = self.http.post(self.base + "/initialize-token", headers=headers,
                                content=json.dumps({"webhookURL": self.webhooks + self.hook}))
        assert answer.status_code == 200, answer.text
        self.issued.append(answer.json())
        self.product.tokens.add(answer.json()["temporaryToken"])
        return answer.json()

    def initialize_in_javascript(self, user):
        """Step 1 as the QuickStart has it: the token and the user."""
        settings = {"BASE": self.base, "YOUR_SECRET_KEY": self.app.api_secret, "YOUR_SAVED_TAIKI_ID": user,
                    "YOUR_WEBHOOK_URL": self.webhooks + self.hook,
                    "NODE_EXTRA_CA_CERTS": self.product["CA_FILE"], "PATH": os.environ["PATH"]}
        result = subprocess.run(
            [NODE, "--input-type=module", "-"], input=STEP_1, env=settings, capture_output=True, text=True, timeout=30)
        assert result.returncode == 0, result.stderr
        made = json.loads(result.stdout)
        self.product.tokens.add(made["TEMPORARY_TOKEN"])
        return made["TEMPORARY_TOKEN"], made["TAIKI_USER_ID"]

    def answer(self, method, path):
        own = f"'self' {self.base}/link/link-initialize.js"
        if method == "POST" and path == "/token":
            return "text/plain", self.token or self.initialize()["temporaryToken"], None
        if path in SCRIPTS:
            return "text/javascript", SCRIPTS[path], None
        if path in ("/", "/quickstart", "/commented", "/without-policy"):
            # What the page's own script needs, and the modal's two lines.
            policy = f"default-src 'none'; connect-src 'self'; script-src {own}; frame-src {self.base}/link/"
            if path == "/without-policy":
                policy = None
            page = PAGE.replace("@SCRIPT@", "quickstart" if path == "/quickstart" else "company")
            if path == "/commented":
                page = page.replace("<main>", "<main>" + COMMENT)
            return "text/html", page.replace("@BASE@", self.base), policy
        if path == "/bare":
            return "text/html", BARE.replace("@BASE@", self.base).replace("@APP@", self.app.client_app), None
        return None, "", None

    def delivered(self, path=None, count=1, within=20):
        """The bodies of so many webhooks, verified as receivers do."""
        path = path or self.hook
        eventually(lambda: len(self.receiver.at(path)) >= count, within, f"{count} webhooks at {path}")
        found = self.receiver.at(path)
        assert len(found) == count, found
        return [Webhook(self.webhook_secret).verify(one.body, dict(one.headers)) for one in found]

    def close(self):
        super().close()
        self.receiver.close()
        self.http.close()


def sample(name):
    return (CHECKOUT / "deploy/samples" / name).read_bytes()
