// The choice of a tax year: this one and six before. Last year is chosen, as its documents are what most come for.

import { element, icon } from "./elements.js";

const yearsBefore = 6;

// {field: what to show, value(): the year chosen}
export function taxYearChoice(chosen) {
    const thisYear = new Date().getUTCFullYear();    // as the service counts
    const years = Array.from({ length: yearsBefore + 1 }, (_, before) => String(thisYear - before));
    const select = element("select", { id: "tax-year" },
        years.map((year) => element("option", { value: year }, year)));
    select.value = years.includes(String(chosen)) ? String(chosen) : years[1];
    const field = element("div", { className: "field" },
        element("label", { htmlFor: "tax-year" }, "Tax year"),
        element("div", { className: "select" }, select, icon("down")));
    return { field, value: () => Number(select.value) };
}
