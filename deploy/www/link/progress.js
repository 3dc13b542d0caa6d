// View: the platform's collector is retrieving the documents.

import { announce, button, element, name } from "./elements.js";
import { spinner } from "./stage.js";

const usual = 60_000;    // milliseconds; then the user is told that it takes longer

export function progress(link, platform, attempt, signal) {
    const status = element("p", {});
    const longer = element("p", { className: "quiet" });
    const timer = setTimeout(() => { longer.textContent = "This takes longer than usual"; }, usual);
    signal.addEventListener("abort", () => clearTimeout(timer));
    announce(status, "Retrieving your documents");
    link.run(signal, async () => {
        let now = attempt;
        while (now.status === "waiting" || now.status === "working") {
            now = await link.api.changedAttempt(attempt.id, now.status, signal);
        }
        link.proceed(platform, now);
    });
    return [element("div", { className: "view outcome" },
        spinner(),
        element("h2", { tabIndex: -1 }, name(platform.name)),
        element("div", { role: "status" }, status, longer),
        element("div", { className: "actions" }, button("Cancel", () => link.choose())))];
}
