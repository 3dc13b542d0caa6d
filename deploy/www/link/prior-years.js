// What the user retrieved in years before: the upper part of the view of platforms.

import { Refusal } from "./api.js";
import { badge, button, counted, element, fileSize, icon, name, outsideLink } from "./elements.js";

const documentsShown = 4;                 // of a platform and year, until the user asks for the rest
const renewal = 10 * 60 * 1000;           // milliseconds; a download link works for 15 minutes

// The elements: none where there is nothing of prior years.
export async function priorYears(link, signal) {
    const pages = [];
    const list = element("ul", { className: "cards" });
    const earlier = button("Earlier years", link.handler(signal, showEarlier));

    // The token may have expired by now, which is no reason to keep the user from going on.
    async function load(next) {
        try {
            return await link.api.priorYears(next, signal);
        } catch (error) {
            if (error instanceof Refusal) return null;
            throw error;
        }
    }

    function draw() {
        const platforms = pages.flatMap((page) => page.platforms);
        const documents = pages.flatMap((page) => page.documents);
        list.replaceChildren(...platforms.map((platform) => item(link, platform, documents)));
        earlier.hidden = !pages.at(-1).next;
    }

    async function showEarlier() {
        const before = list.childElementCount;
        const page = await load(pages.at(-1).next);
        if (page === null) return;
        pages.push(page);
        draw();
        (list.children[before] ?? list.lastElementChild).querySelector("button").focus();
    }

    // Only the addresses change: what the user reads or has opened stays as it is.
    async function renewLinks() {
        let next = null;
        let pagesLeft = pages.length;
        do {
            const page = await load(next);
            if (page === null) return;
            for (const file of page.documents) {
                const old = list.querySelector(`a[data-document="${CSS.escape(file.id)}"]`);
                const fresh = documentLink(file);
                if (old && fresh) old.href = fresh.href;
            }
            next = page.next;
            pagesLeft -= 1;
        } while (next && pagesLeft > 0);
    }

    const first = await load(null);
    if (first === null || first.platforms.length === 0) return [];
    pages.push(first);
    draw();
    const timer = setInterval(() => link.run(signal, renewLinks), renewal);
    signal.addEventListener("abort", () => clearInterval(timer));
    return [element("h2", { tabIndex: -1 }, "From prior years"), list, earlier];
}

function item(link, platform, documents) {
    const links = documents
        .filter((file) => file.platform === platform.platform && file.tax_year === platform.tax_year)
        .map((file) => [documentLink(file), element("span", { className: "quiet" }, fileSize(file.total_size_bytes))])
        .filter(([node]) => node !== null)
        .map((nodes) => element("li", {}, nodes));
    const rest = links.slice(documentsShown);
    rest.forEach((node) => { node.hidden = true; });
    const all = button(`All ${counted(links.length, "document")}`, () => {
        rest.forEach((node) => { node.hidden = false; });
        all.remove();
        rest[0].querySelector("a").focus();
    }, { className: "button plain" });
    const about = `${platform.tax_year}, ${counted(platform.document_count, "document")}`;
    return element("li", {},
        button([
            badge(platform.name),
            element("span", { className: "names" },
                name(platform.name), " ", element("span", { className: "quiet" }, about)),
            icon("forward"),
        ], () => link.start({ platform: platform.platform, name: platform.name }), { className: "card" }),
        links.length > 0 ? element("ul", { className: "documents" }, links) : null,
        rest.length > 0 ? all : null);
}

function documentLink(file) {
    // `download`: an answer that is no file, of a link that is too old, shows in no tab and not in place of the modal.
    return outsideLink(file.download_url, { className: "document", download: "", "data-document": file.id },
        icon("document"), name(file.file_name));
}
