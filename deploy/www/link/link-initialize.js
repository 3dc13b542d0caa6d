// Shows Latchkey's modal on the page that embeds it:
//
//     <script src="https://api.example.com/link/link-initialize.js"></script>
//
//     const modal = window.Taiki.create({
//         token,        // from POST /initialize-token, a new one for each opening
//         metadata,     // an object; it comes back to onSuccess and to the webhook
//         onSuccess,    // ({platform, name, tax_year, files: [{file_name, total_size_bytes}], metadata}), per platform
//         onError,      // ({code, message}), once at most
//         onExit,       // (), once the modal is gone
//     });
//     modal.open();
//
// The page's Content-Security-Policy, where it has one, needs two things:
//
//     script-src https://api.example.com/link/link-initialize.js
//     frame-src https://api.example.com/link/

(() => {
    "use strict";

    // The service that this file came from: whom we frame, and whom alone we tell the token.
    // Asked of the prototype, because `<img name="currentScript">` in the page hides the document's own.
    const base = new URL(Reflect.get(Document.prototype, "currentScript", document).src).origin;
    const title = "Connect your accounts";
    // Milliseconds until a modal that says nothing is given up; fewer once the frame has a page, be it an error page.
    const patience = 10_000;
    const grace = 3_000;

    // In a shadow tree: the page's styles do not reach the modal, nor the modal's the page. A constructed style sheet,
    // because a <style> element would ask for more in the page's Content-Security-Policy.
    const style = new CSSStyleSheet();
    style.replaceSync(`
        :host { all: initial; }
        dialog {
            color-scheme: light dark; --surface: #ffffff; --ink: #1b2430; --line: #d5dae2;
            box-sizing: border-box; inline-size: 28rem; block-size: min(44rem, 100dvh - 3rem); max-inline-size: 100%;
            max-block-size: none; margin: auto; padding: 0; border: 1px solid transparent; border-radius: 1rem;
            overflow: hidden; background: var(--surface); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
            box-shadow: 0 1.5rem 4rem rgb(9 16 29 / .35);
        }
        dialog::backdrop { background: rgb(9 16 29 / .55); }
        iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; }
        .waiting iframe { visibility: hidden; }
        button {
            position: absolute; inset-block-start: .5rem; inset-inline-end: .5rem; min-block-size: 2.75rem;
            padding-inline: 1rem; border: 1px solid transparent; border-radius: .75rem; background: none;
            color: inherit; font: inherit; cursor: pointer;
        }
        button:focus-visible { outline: 3px solid Highlight; outline-offset: -3px; }
        p { position: absolute; inset: 0; margin: auto; inline-size: fit-content; block-size: fit-content; }
        dialog:not(.waiting) > :not(iframe) { display: none; }
        @media (prefers-color-scheme: dark) {
            dialog { --surface: #171b22; --ink: #eef1f5; border-color: #343c49; }
        }
        @media (max-width: 480px), (max-height: 420px) {
            dialog { inline-size: 100%; block-size: 100dvh; border: 0; border-radius: 0; }
        }
        @media (prefers-reduced-motion: no-preference) {
            dialog { animation: rise .2s ease-out; }
            p { animation: show .2s .6s both; }
        }
        @keyframes rise { from { opacity: 0; transform: translateY(.75rem); } }
        @keyframes show { from { opacity: 0; } }
    `);

    // Callbacks are the page's code: they run after ours, so that one that throws harms nothing here.
    function tell(callback, ...values) {
        if (typeof callback === "function") queueMicrotask(() => callback(...values));
    }

    // The client app decides which pages may frame the modal, so its id is in the frame's address. It is read from the
    // token's claims, unverified; the service verifies the token itself, which never stands in an address.
    function clientApp(token) {
        try {
            const [, claims] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token);
            const id = JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).client_app_id;
            return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id : null;
        } catch {
            return null;
        }
    }

    function make(name, properties) {
        return Object.assign(document.createElement(name), properties);
    }

    function create({ token, metadata, onSuccess, onError, onExit } = {}) {
        // A copy by way of JSON: what cannot be sent shows here, where the mistake is.
        const sentMetadata = JSON.parse(JSON.stringify(metadata ?? {}));
        let closeOpenModal = null;

        function open() {
            if (closeOpenModal) return;
            const app = clientApp(token);
            if (!app) {
                tell(onError, { code: "invalid_token", message: "The token is not one of POST /initialize-token" });
                return;
            }

            const { port1: port, port2: modalsPort } = new MessageChannel();
            const host = make("div");
            const dialog = make("dialog", { className: "waiting" });
            const cancel = make("button", { type: "button", textContent: "Close" });
            const notice = make("p", { textContent: "Opening" });
            const frame = make("iframe", { title, src: `${base}/link/?client_app=${app}` });
            let failed = false;

            function close() {
                if (closeOpenModal !== close) return;
                closeOpenModal = null;
                clearTimeout(timer);
                port.close();
                dialog.close();    // gives the focus back to where it was
                host.remove();
                tell(onExit);
            }

            function fail(error) {
                if (!failed) tell(onError, error);
                failed = true;
            }

            function giveUp() {
                const message = `The modal did not answer. Is ${location.origin} registered for the client app, `
                    + `does the page's Content-Security-Policy allow frame-src ${base}/link/, and is ${base} up?`;
                fail({ code: "unavailable", message });
                close();
            }
            let timer = setTimeout(giveUp, patience);

            // The frame gets one end of a channel with the token. Whatever it says comes through this end, so that the
            // page need not listen to messages that anybody could send.
            port.onmessage = ({ data }) => {
                switch (data?.type) {
                case "ready":
                    clearTimeout(timer);
                    dialog.classList.remove("waiting");
                    frame.focus();
                    break;
                case "success": tell(onSuccess, data.result); break;
                case "error": fail(data.error); break;
                case "exit": close(); break;
                }
            };
            frame.addEventListener("load", () => {
                // Delivered only where the frame shows a page of the service.
                const message = { type: "latchkey-link:open", token, metadata: sentMetadata };
                frame.contentWindow.postMessage(message, base, [modalsPort]);
                clearTimeout(timer);
                timer = setTimeout(giveUp, grace);
            }, { once: true });

            closeOpenModal = close;
            cancel.addEventListener("click", close);
            dialog.addEventListener("close", close);    // Escape, while the focus is outside the frame
            dialog.setAttribute("aria-label", title);
            dialog.append(cancel, notice, frame);
            const shadow = host.attachShadow({ mode: "open" });
            shadow.adoptedStyleSheets = [style];
            shadow.append(dialog);
            (document.body ?? document.documentElement).append(host);
            dialog.showModal();
        }

        return Object.freeze({ open, close: () => closeOpenModal?.() });
    }

    window.Taiki = Object.freeze({ create });
})();
