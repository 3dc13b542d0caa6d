// Elements of the page. What users or the service wrote goes in as text only, never as HTML.

const svg = "http://www.w3.org/2000/svg";

// Properties are set as such, `role`, `aria-...` and `data-...` as attributes; children are elements and texts.
export function element(name, properties = {}, ...children) {
    const node = document.createElement(name);
    for (const [property, value] of Object.entries(properties)) {
        if (property === "role" || property.includes("-")) node.setAttribute(property, value);
        else node[property] = value;
    }
    node.append(...children.flat().filter((child) => child !== null));
    return node;
}

// A drawing of index.html. It says nothing to a screen reader: the words are beside it.
export function icon(name) {
    const node = document.createElementNS(svg, "svg");
    const use = document.createElementNS(svg, "use");
    node.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#icon-${name}`);
    node.append(use);
    return node;
}

export function button(text, onClick, properties = {}) {
    const node = element("button", { type: "button", className: "button", ...properties }, text);
    node.addEventListener("click", onClick);
    return node;
}

// A name in its own direction, which does not reach into the words around it.
export function name(text, className = "name") {
    return element("span", { dir: "auto", className }, honest(text));
}

// Characters that are not seen themselves but turn round or hide others show as a sign: "exe.pdf" is not to look like a
// name that ends in "exe".
function honest(text) {
    return text.replace(/[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu, "\ufffd");
}

// The first letter of a platform's name, in one of six colours that stays the same for the name.
export function badge(text) {
    const letter = Array.from(honest(text).trim())[0] ?? "?";
    const colour = Array.from(text).reduce((hash, character) => (hash * 31 + character.codePointAt(0)) % 997, 0) % 6;
    return element("span", { className: `letter letter-${colour}`, "aria-hidden": "true" }, letter.toUpperCase());
}

// A link into a new tab, or null where the address is not one that a link may have.
export function outsideLink(address, properties, ...children) {
    const url = linkable(address);
    if (url === null) return null;
    return element("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...properties }, ...children);
}

// https alone: javascript: and its like would run in our page. http where it does not leave the machine.
export function linkable(address) {
    let url;
    try {
        url = new URL(address);
    } catch {
        return null;
    }
    const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
    return url.protocol === "https:" || (url.protocol === "http:" && isLocal) ? url.href : null;
}

// Screen readers tell changes of a live region, not what it held when it came: its text follows a moment later.
export function announce(region, ...children) {
    setTimeout(() => region.replaceChildren(...children), 50);
}

export function counted(number, word) {
    return `${number} ${word}${number === 1 ? "" : "s"}`;
}

export function fileSize(bytes) {
    const units = ["byte", "kilobyte", "megabyte"];
    const step = bytes < 1000 ? 0 : bytes < 999_500 ? 1 : 2;
    // Short it is "kB" and "MB", but "898 byte".
    const format = { style: "unit", unit: units[step], unitDisplay: step === 0 ? "long" : "short" };
    format.maximumFractionDigits = step === 2 ? 1 : 0;
    return new Intl.NumberFormat("en", format).format(bytes / 1000 ** step);
}
