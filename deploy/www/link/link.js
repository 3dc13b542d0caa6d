// The modal: which view follows which.

import { API, Refusal } from "./api.js";
import { element } from "./elements.js";
import { failure, fault, success } from "./outcome.js";
import { embeddingPage } from "./page.js";
import { platforms } from "./platforms.js";
import { progress } from "./progress.js";
import { show, showConnection, spinner } from "./stage.js";
import { start } from "./start.js";

// The ways from view to view, and what the views share.
class Link {
    isSandbox = false;
    #page;

    constructor(page) {
        this.#page = page;
        this.api = new API(page.token, showConnection);
    }

    open() {
        show((signal) => {
            this.run(signal, async () => {
                const session = await this.api.open(this.#page.origin, this.#page.metadata, signal);
                this.isSandbox = session.mode === "sandbox";
                document.getElementById("mode").hidden = !this.isSandbox;
                this.choose();
            });
            return [element("div", { className: "centred" }, spinner())];
        });
    }

    choose() {
        show((signal) => platforms(this, signal));
    }

    start(platform, taxYear) {
        show((signal) => start(this, platform, taxYear, signal));
    }

    progress(platform, attempt) {
        show((signal) => progress(this, platform, attempt, signal));
    }

    // The view of an attempt as it is.
    proceed(platform, attempt) {
        if (attempt.status === "success") this.#succeed(platform, attempt);
        else if (attempt.status === "failure") show(() => failure(this, platform, attempt));
        else this.progress(platform, attempt);
    }

    // The page takes the frame away: not before the event that asked for it has run its course here.
    exit() {
        setTimeout(() => this.#page.tell({ type: "exit" }));
    }

    // Work of a view. What is left alone when the view is left ends there; a refusal that the view has no answer to
    // ends the modal.
    run(signal, work) {
        work().catch((error) => {
            if (!signal.aborted) this.#fail(error);
        });
    }

    // Work as a handler of clicks: a click that comes while the one before is at work is passed over.
    handler(signal, work) {
        let isBusy = false;
        return () => {
            if (isBusy) return;
            isBusy = true;
            this.run(signal, () => work().finally(() => { isBusy = false; }));
        };
    }

    #succeed(platform, attempt) {
        const files = attempt.files.map(({ file_name, total_size_bytes }) => ({ file_name, total_size_bytes }));
        const { metadata } = this.#page;
        const result = { platform: attempt.platform, name: attempt.name, tax_year: attempt.tax_year, files, metadata };
        this.#page.tell({ type: "success", result });
        show(() => success(this, files));
    }

    #fail(error) {
        const isRefusal = error instanceof Refusal;
        if (!isRefusal) console.error(error);
        const code = isRefusal ? error.code : "unavailable";
        const message = isRefusal ? error.message : "Something unexpected happened";
        this.#page.tell({ type: "error", error: { code, message } });
        show(() => fault(this, message));
    }
}

async function main() {
    if (parent === window) {
        document.getElementById("close").hidden = true;
        const text = "This page is opened by the app that embeds it.";
        show(() => [element("p", { className: "notice" }, text)]);
        return;
    }
    const page = await embeddingPage();
    const link = new Link(page);
    document.getElementById("close").addEventListener("click", () => link.exit());
    closeOnEscape(link);
    page.tell({ type: "ready" });
    link.open();
}

// When the key is let go: closed as soon as it is pressed, the rest of it would go to the page underneath, which may
// have a use of its own for Escape.
function closeOnEscape(link) {
    let isPressed = false;
    addEventListener("keydown", (event) => {
        isPressed = event.key === "Escape" && !event.isComposing && !event.defaultPrevented;
    });
    addEventListener("keyup", (event) => {
        if (isPressed && event.key === "Escape") link.exit();
    });
}

main();
