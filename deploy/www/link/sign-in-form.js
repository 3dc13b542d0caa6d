// Signing in to First Sandbox Bank, the platform that the service brings along: its user name and password are typed
// here, because there is nothing real to protect.

import { Refusal } from "./api.js";
import { announce, element } from "./elements.js";
import { taxYearChoice } from "./tax-year.js";

const sandboxUsers = [["user_good", "succeeds"], ["user_slow", "takes 10 seconds"], ["user_error", "fails"]];

export function signInForm(link, platform, taxYear, signal) {
    const year = taxYearChoice(taxYear);
    const username = element("input", {
        id: "username", autocomplete: "off", autocapitalize: "none", spellcheck: false, enterKeyHint: "next",
    });
    const password = element("input", { id: "password", type: "password", autocomplete: "off", enterKeyHint: "go" });
    const warning = element("p", { id: "warning", className: "warning", role: "alert" });
    const submit = element("button", { type: "submit", className: "button primary" }, "Sign in");
    const form = element("form", { noValidate: true },
        year.field,
        element("div", { className: "field" }, element("label", { htmlFor: "username" }, "User name"), username),
        element("div", { className: "field" }, element("label", { htmlFor: "password" }, "Password"), password),
        warning, submit);
    let attempt = null;

    const send = link.handler(signal, async () => {
        const empty = [username, password].filter((input) => input.value === "");
        if (empty.length > 0) {
            warn("Enter your user name and your password", empty);
            return;
        }
        submit.setAttribute("aria-disabled", "true");    // `disabled` would take the focus away
        try {
            await signIn();
        } catch (error) {
            if (!(error instanceof Refusal) || error.endsSession) throw error;
            warn(error.message, []);
        } finally {
            submit.setAttribute("aria-disabled", "false");
        }
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        send();
    });

    async function signIn() {
        warn("", []);
        const secret = password.value;
        password.value = "";    // not kept in the page once it is on its way
        // A wrong password does not use an attempt up.
        if (attempt?.tax_year !== year.value()) {
            attempt = await link.api.begin(platform.platform, year.value(), signal);
        }
        try {
            await link.api.signIn(attempt.state, username.value, secret, signal);
        } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            if (error.code === "invalid_credentials") {
                warn("Wrong user name or password", [password, username]);
                return;
            }
            // It may be a repetition of one that had arrived: then the attempt has gone on.
            const { id } = attempt;
            attempt = null;
            const now = await link.api.attempt(id, signal);
            if (now.status === "waiting") throw error;
            link.proceed(platform, now);
            return;
        }
        link.progress(platform, attempt);
    }

    // The first of the inputs that the warning is about gets the focus.
    function warn(text, inputs) {
        warning.textContent = "";
        if (text !== "") announce(warning, text);
        for (const input of [username, password]) {
            if (inputs.includes(input)) {
                input.setAttribute("aria-invalid", "true");
                input.setAttribute("aria-describedby", "warning");
            } else {
                input.removeAttribute("aria-invalid");
                input.removeAttribute("aria-describedby");
            }
        }
        inputs[0]?.focus();
    }

    return link.isSandbox ? [form, hint()] : [form];
}

function hint() {
    return element("aside", { className: "hint", "aria-label": "Sandbox users" },
        element("p", {}, "This is the sandbox. Sign in with the password ", code("pass_good"), " as"),
        element("ul", {}, sandboxUsers.map(([user, outcome]) => element("li", {}, code(user), ` ${outcome}`))));
}

function code(text) {
    return element("code", {}, text);
}
