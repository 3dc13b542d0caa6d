// View: one platform, before anything is retrieved. The user signs in here (`sign_in` is "form") or on a page of the
// platform's collector ("page").

import { badge, button, element, icon, name } from "./elements.js";
import { signInForm } from "./sign-in-form.js";
import { signInPage } from "./sign-in-page.js";
import { spinner } from "./stage.js";

export function start(link, platform, taxYear, signal) {
    const content = element("div", {}, element("div", { className: "centred" }, spinner()));
    link.run(signal, async () => {
        const kind = platform.sign_in ?? await findSignIn(link, platform, signal);
        if (kind === "form") content.replaceChildren(...signInForm(link, platform, taxYear, signal));
        else if (kind === "page") content.replaceChildren(...signInPage(link, platform, taxYear, signal));
        else content.replaceChildren(element("p", { className: "quiet" }, "This platform cannot be connected now."));
    });
    return [element("div", { className: "view" },
        button([icon("back"), "Back"], () => link.choose(), { className: "button plain back" }),
        element("div", { className: "platform" },
            badge(platform.name), element("h2", { tabIndex: -1 }, name(platform.name))),
        content)];
}

// A platform of prior years comes without its way of signing in, and may have left the catalogue since.
async function findSignIn(link, platform, signal) {
    for (let next = null; ;) {
        const page = await link.api.platforms(platform.name, next, signal);
        const found = page.platforms.find((other) => other.platform === platform.platform);
        if (found) return found.sign_in;
        if (!page.next) return null;
        next = page.next;
    }
}
