// Signing in on the page of a platform's collector, which opens in a new tab: the user's password never comes here. The
// modal waits for what becomes of it.

import { Refusal } from "./api.js";
import { announce, element, icon, name, outsideLink } from "./elements.js";
import { spinner } from "./stage.js";
import { taxYearChoice } from "./tax-year.js";

export function signInPage(link, platform, taxYear, signal) {
    const year = taxYearChoice(taxYear);
    const warning = element("p", { className: "warning", role: "alert" });
    const next = element("button", { type: "submit", className: "button primary" }, "Continue");
    const form = element("form", {},
        year.field, element("p", { className: "quiet" }, "You sign in on the platform's own page, in a new tab."),
        warning, next);
    const step = element("div", { className: "step" }, form);

    const begin = link.handler(signal, async () => {
        warning.textContent = "";
        try {
            wait(await link.api.begin(platform.platform, year.value(), signal));
        } catch (error) {
            if (!(error instanceof Refusal) || error.endsSession) throw error;
            announce(warning, error.message);
        }
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        begin();
    });

    function wait(attempt) {
        const open = outsideLink(attempt.connector_url, { className: "button primary" },
            element("span", {}, "Open ", name(platform.name)), icon("outside"));
        if (open === null) {
            announce(warning, "This platform's page cannot be opened");
            return;
        }
        const status = element("p", { role: "status" });
        step.replaceChildren(
            element("p", {}, `Tax year ${attempt.tax_year}`), open,
            element("p", { className: "quiet" }, "Sign in there, then come back. This continues by itself."),
            element("div", { className: "waiting" }, spinner(), status));
        announce(status, "Waiting for ", name(platform.name));
        open.focus();
        link.run(signal, async () => {
            link.proceed(platform, await link.api.changedAttempt(attempt.id, "waiting", signal));
        });
    }

    return [step];
}
