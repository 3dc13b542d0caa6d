// A company's page: the three steps of the QuickStart. Whatever came from elsewhere is shown through textContent alone.

const metadata = { order: "1001", household: "Example" };

const element = (id) => document.getElementById(id);

let token = null;      // of step 1, until the modal has opened with it
let user = "";         // whom the company keeps
let watched = null;    // whose webhooks are asked for
const shown = new Set();

// Step 1

async function getToken() {
  enable("get-token", false);
  enable("again", false);
  try {
    const response = await fetch("/demo/company/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user }),
    });
    if (!response.ok) throw new Error(`The demo's company answers ${response.status}: does it run?`);
    const { request, status, answer } = await response.json();
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
    show("token-request", `${request.method} ${request.url}\n${headers.join("\n")}\n\n`, request.body);
    show("token-answer", "", answer);
    badge(String(status), status === 200);
    if (status !== 200) return false;
    token = answer.temporaryToken;
    user = answer.userId;
    element("user").textContent = `User ${user}`;
    enable("open", true);
    showCode();
    watch();
    return true;
  } catch (error) {
    show("token-answer", error.message);
    badge("failed", false);
    return false;
  } finally {
    enable("get-token", true);
    enable("again", user !== "");
  }
}

// Step 2

function open() {
  const opened = token;
  token = null;
  enable("open", false);
  show("calls", "");
  if (!window.Taiki) {
    called("/link/link-initialize.js could not be loaded");
    return;
  }
  window.Taiki.create({
    token: opened,
    metadata,
    onSuccess: (result) => called("onSuccess", result),
    onError: (error) => called("onError", error),
    onExit: () => called("onExit"),
  }).open();
}

function showCode() {
  const start = `${token.slice(0, 24)}...`;
  show("code", `<script src="${location.origin}/link/link-initialize.js"></script>

const taikiModal = window.Taiki.create({
    token: "${start}",
    metadata: ${JSON.stringify(metadata)},
    onSuccess: (result) => { ... },
    onError: (error) => { ... },
    onExit: () => { ... }
})

taikiModal.open()`);
}

function called(name, value) {
  const panel = element("calls");
  panel.append(panel.textContent ? "\n\n" : "", `${name}(`, ...(value === undefined ? [] : colored(value)), ")");
  panel.scrollTop = panel.scrollHeight;
}

// Step 3

async function watch() {
  if (watched === user) return;
  const mine = watched = user;
  element("webhook-status").textContent = "Waiting for the webhook.";
  for (let pause = 1; watched === mine;) {
    try {
      const response = await fetch(`/demo/company/webhooks?${new URLSearchParams({ user: mine, seen: [...shown] })}`);
      if (!response.ok) throw new Error();
      for (const webhook of (await response.json()).webhooks) showWebhook(webhook);
      pause = 1;
    } catch {
      await new Promise((done) => setTimeout(done, 1000 * pause));
      pause = Math.min(2 * pause, 30);
    }
  }
}

function showWebhook({ received_at: receivedAt, headers, body }) {
  const id = headers["webhook-id"];
  if (shown.has(id)) return;
  shown.add(id);
  const article = element("webhook").content.cloneNode(true);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  article.querySelector(".head").textContent = `POST /webhook\n${lines.join("\n")}`;
  article.querySelector(".body").append(...colored(body));
  for (const region of article.querySelectorAll("[role=region]")) region.ariaLabel += ` ${shown.size}`;
  for (const file of body.files) {
    const link = document.createElement("a");
    link.append(document.createElement("bdi"));
    link.firstChild.textContent = file.file_name.replace(marks, "\ufffd");
    if (file.download_url.startsWith("https://")) link.href = file.download_url;
    const item = document.createElement("li");
    item.append(link, `, ${file.total_size_bytes} bytes`);
    article.querySelector(".files").append(item);
  }
  element("webhooks").prepend(article);
  const time = new Date(receivedAt).toLocaleTimeString();
  element("webhook-status").textContent = `Received at ${time}: ${body.status}.`;
}

// Text and JSON

// They turn round the text that is beside them, so that a file's name seems to end as it does not.
const marks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function show(id, text, value) {
  element(id).replaceChildren(text, ...(value === undefined ? [] : colored(value)));
}

/** JSON as nodes: names, strings and the rest each of a class. */
function colored(value) {
  const escaped = (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const text = JSON.stringify(value, null, 2).replace(marks, escaped);
  return text.split(/("(?:[^"\\]|\\.)*"(?:: )?|\b(?:true|false|null|-?\d[\d.eE+-]*)\b)/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    const span = document.createElement("span");
    span.className = piece.endsWith('": ') ? "name" : piece.startsWith('"') ? "string" : "other";
    span.textContent = piece;
    return span;
  });
}

function badge(text, isGood) {
  const status = element("token-status");
  status.textContent = text;
  status.className = `badge ${isGood ? "good" : "bad"}`;
  status.hidden = false;
}

// `disabled` would take the focus away, and the modal could not give it back.
function enable(id, isEnabled) {
  element(id).ariaDisabled = String(!isEnabled);
}

function onClick(id, act) {
  element(id).addEventListener("click", ({ currentTarget }) => {
    if (currentTarget.ariaDisabled !== "true") act();
  });
}

onClick("get-token", () => {
  // Another person, unless it is next year.
  user = "";
  getToken();
});
onClick("open", open);
onClick("again", async () => {
  if (await getToken()) open();
});
