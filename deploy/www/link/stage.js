// Where views are shown, one at a time.

import { announce, element } from "./elements.js";

const main = document.querySelector("main");
const title = document.querySelector("h1");
const connection = document.getElementById("connection");

let leave = new AbortController();

// build(signal) returns the view's elements. The signal is aborted when the view is left, and its requests with it.
export function show(build) {
    leave.abort();
    leave = new AbortController();
    main.replaceChildren(...build(leave.signal));
    main.scrollTop = 0;
    focusHeading();
}

// A screen reader goes on reading at the heading of the new view.
export function focusHeading() {
    const heading = main.querySelector("h2") ?? title;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
}

// Of a view that filled itself after it was shown: only where the user has not gone elsewhere meanwhile.
export function focusHeadingUnlessMoved() {
    if (document.activeElement === document.body || document.activeElement === title) focusHeading();
}

export function showConnection(isLost) {
    connection.hidden = !isLost;
    connection.textContent = "";
    if (isLost) announce(connection, "Connection lost. Trying again");
}

export function spinner() {
    return element("span", { className: "spinner", "aria-hidden": "true" });
}
