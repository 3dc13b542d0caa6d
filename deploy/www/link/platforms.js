// View: the platforms of prior years first, then all of them with a search.

import { Refusal } from "./api.js";
import { announce, badge, button, counted, element, icon, name } from "./elements.js";
import { priorYears } from "./prior-years.js";
import { focusHeadingUnlessMoved, spinner } from "./stage.js";

const typingPause = 200;    // milliseconds without a key before a search is sent

export function platforms(link, signal) {
    const view = element("div", { className: "view" }, element("div", { className: "centred" }, spinner()));
    link.run(signal, async () => {
        // Both before anything is shown, so that nothing moves under the user's finger.
        const [prior, page] = await Promise.all([priorYears(link, signal), link.api.platforms("", null, signal)]);
        view.replaceChildren(...prior, ...catalogue(link, page, signal));
        focusHeadingUnlessMoved();
    });
    return [view];
}

function catalogue(link, firstPage, signal) {
    const search = element("input", {
        type: "search", id: "search", placeholder: "Search platforms", autocomplete: "off", spellcheck: false,
        maxLength: 100, enterKeyHint: "search",
    });
    const list = element("ul", { className: "cards" });
    const status = element("p", { className: "quiet", role: "status" });
    const more = button("More", link.handler(signal, showMore));
    let next = null;
    let shown = 0;
    let typing = new AbortController();

    function add(page) {
        const items = page.platforms.map((platform) => element("li", {}, platformButton(link, platform)));
        list.append(...items);
        list.hidden = list.childElementCount === 0;
        shown += items.length;
        next = page.next;
        more.hidden = next === null;
        announce(status, summary());
        return items;
    }

    function summary() {
        if (shown > 0) return `${counted(shown, "platform")}${next === null ? "" : ", and more"}`;
        return search.value.trim() === "" ? "There are no platforms yet" : "No platform matches";
    }

    async function showMore() {
        const { signal: typed } = typing;
        const page = await link.api.platforms("", next, signal);
        if (typed.aborted) return;
        const [first] = add(page);
        first?.querySelector("button").focus();
    }

    function find() {
        typing.abort();
        typing = new AbortController();
        const { signal: typed } = typing;
        more.hidden = true;    // it belongs to the list that is about to go
        setTimeout(() => link.run(typed, async () => {
            const page = await pageOf(search.value.trim(), typed);
            const hadFocus = list.contains(document.activeElement);
            list.replaceChildren();
            shown = 0;
            add(page);
            if (hadFocus) search.focus();
        }), typingPause);
    }

    // A text that the service does not take as a search is a name that no platform has.
    async function pageOf(text, typed) {
        try {
            return await link.api.platforms(text, null, typed);
        } catch (error) {
            if (!(error instanceof Refusal) || error.endsSession) throw error;
            return { platforms: [], next: null };
        }
    }

    search.addEventListener("input", find);
    search.addEventListener("keydown", (event) => {
        // Where there is a text, Escape takes that away and not the modal.
        if (event.key !== "Escape" || search.value === "") return;
        event.preventDefault();
        search.value = "";
        find();
    });
    signal.addEventListener("abort", () => typing.abort());
    add(firstPage);
    return [
        element("h2", { tabIndex: -1 }, "All platforms"),
        element("div", { className: "search", role: "search" },
            element("label", { htmlFor: "search", className: "unseen" }, "Search platforms"), icon("search"), search),
        status, list, more,
    ];
}

function platformButton(link, platform) {
    return button([badge(platform.name), name(platform.name), icon("forward")], () => link.start(platform),
        { className: "card" });
}
