// Views: how an attempt, or the modal itself, ended.

import { announce, button, element, fileSize, icon, name } from "./elements.js";

export function success(link, files) {
    return [element("div", { className: "view outcome" },
        sign("done"),
        element("h2", { tabIndex: -1 }, "Documents retrieved"),
        element("ul", { className: "files" }, files.map((file) => element("li", {},
            icon("document"), name(file.file_name), " ",
            element("span", { className: "quiet" }, fileSize(file.total_size_bytes))))),
        element("div", { className: "actions" },
            button("Done", () => link.exit(), { className: "button primary" }),
            button("Connect another", () => link.choose())))];
}

export function failure(link, platform, attempt) {
    return [element("div", { className: "view outcome" },
        sign("warning"),
        element("h2", { tabIndex: -1 }, name(platform.name)),
        alert(name(platform.name), " could not retrieve your documents"),
        element("div", { className: "actions" },
            button("Try again", () => link.start(platform, attempt.tax_year), { className: "button primary" }),
            button("Choose another platform", () => link.choose())))];
}

// The modal cannot go on.
export function fault(link, message) {
    return [element("div", { className: "view outcome" },
        sign("warning"),
        element("h2", { tabIndex: -1 }, "Something went wrong"),
        alert(message),
        element("div", { className: "actions" },
            button("Close", () => link.exit(), { className: "button primary" })))];
}

function sign(drawing) {
    return element("span", { className: `sign sign-${drawing}`, "aria-hidden": "true" }, icon(drawing));
}

function alert(...children) {
    const node = element("p", { role: "alert" });
    announce(node, ...children);
    return node;
}
