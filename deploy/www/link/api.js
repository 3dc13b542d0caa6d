// The service's endpoints. A request that was lost is repeated until it is answered, or its view is left.

const deadline = 10_000;                       // milliseconds for an answer
const pollDeadline = 40_000;                   // the service answers a long poll within 25 s
const pollPause = 1_000;                       // between two polls, however fast the first was answered
const pauses = [1_000, 2_000, 4_000, 8_000];   // before each repetition; the last one again and again

// What the service refused, with its code and its sentence.
export class Refusal extends Error {
    constructor(status, code, message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    get endsSession() {
        return this.code === "session_expired";
    }
}

// No answer, or one that says "not now".
class Lost extends Error {}

export class API {
    #token;
    #sessionKey = null;
    #lost = new Set();
    #onConnection;

    // onConnection(isLost) is called whenever the connection is lost or back.
    constructor(token, onConnection) {
        this.#token = token;
        this.#onConnection = onConnection;
    }

    async open(origin, metadata, signal) {
        const body = { origin, metadata };
        // A token opens the modal once. Where the answer is lost, the same key gets it again.
        const key = crypto.randomUUID();
        const session = await this.#call("POST", "/api/link/open", { bearer: this.#token, key, body, signal });
        this.#sessionKey = session.session_key;
        return session;
    }

    // `next`: of the page before.
    priorYears(next, signal) {
        return this.#call("GET", next ? ownPath(next) : "/api/prior-year", { bearer: this.#token, signal });
    }

    platforms(search, next, signal) {
        const first = `/api/link/platforms?${new URLSearchParams({ search })}`;
        return this.#call("GET", next ? ownPath(next) : first, { bearer: this.#sessionKey, signal });
    }

    begin(platform, taxYear, signal) {
        const body = { platform, tax_year: taxYear };
        return this.#call("POST", "/api/link/attempts", { bearer: this.#sessionKey, body, signal });
    }

    signIn(state, username, password, signal) {
        return this.#call("POST", "/sandbox-bank/sign-in", { body: { state, username, password }, signal });
    }

    attempt(id, signal) {
        return this.#call("GET", `/api/link/attempts/${encodeURIComponent(id)}`, { bearer: this.#sessionKey, signal });
    }

    // The attempt as soon as its status is another one than `seen`.
    async changedAttempt(id, seen, signal) {
        const path = `/api/link/attempts/${encodeURIComponent(id)}?${new URLSearchParams({ seen })}`;
        for (;;) {
            const asked = performance.now();
            const attempt = await this.#call("GET", path, { bearer: this.#sessionKey, signal, within: pollDeadline });
            if (attempt.status !== seen) return attempt;
            await pause(pollPause - (performance.now() - asked), signal);
        }
    }

    async #call(method, path, request) {
        const self = {};
        try {
            for (let failures = 0; ; failures += 1) {
                try {
                    return await call(method, path, request);
                } catch (error) {
                    if (!(error instanceof Lost)) throw error;
                }
                this.#setLost(self, true);
                await pause(pauses[Math.min(failures, pauses.length - 1)], request.signal);
            }
        } finally {
            this.#setLost(self, false);
        }
    }

    // Several requests may be under way: the connection is back when none of them waits for it any more.
    #setLost(request, isLost) {
        const wasLost = this.#lost.size > 0;
        if (isLost) this.#lost.add(request);
        else this.#lost.delete(request);
        if (wasLost !== this.#lost.size > 0) this.#onConnection(!wasLost);
    }
}

async function call(method, path, { bearer, key, body, signal, within = deadline }) {
    signal.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, within);
    signal.addEventListener("abort", abort);
    try {
        const headers = {};
        if (bearer) headers.Authorization = `Bearer ${bearer}`;
        if (key) headers["Idempotency-Key"] = key;
        if (body) headers["Content-Type"] = "application/json";
        const response = await fetch(path, {
            method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit",
            redirect: "error", signal: controller.signal,
        });
        const answer = await response.json();
        if (response.ok) return answer;
        if (isPassing(method, response.status, answer.error)) throw new Lost();
        throw new Refusal(response.status, answer.error, answer.error_description ?? "The service refused the request");
    } catch (error) {
        signal.throwIfAborted();
        throw error instanceof Refusal ? error : new Lost();
    } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
    }
}

// Whether the same request may fare better later. After a mistake of the service (500) only one that changes nothing is
// repeated.
function isPassing(method, status, code) {
    if (status === 500) return method === "GET";
    return status > 500 || code === "too_many_requests" || code === "request_timeout";
}

// The service writes addresses of next pages in full; the page may connect to its own origin alone.
function ownPath(address) {
    const url = new URL(address, location.origin);
    return url.pathname + url.search;
}

// Ends early when the browser is online again.
function pause(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const end = () => {
            clearTimeout(timer);
            removeEventListener("online", end);
            signal.removeEventListener("abort", end);
            if (signal.aborted) reject(signal.reason);
            else resolve();
        };
        const timer = setTimeout(end, milliseconds);
        addEventListener("online", end);
        signal.addEventListener("abort", end);
        if (signal.aborted) end();
    });
}
