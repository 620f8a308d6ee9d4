// A list of rows that open: rows that have not changed stay as they are, and open ones stay open.

import { button, copy, make } from "../common/dom.js";
import { roving } from "../common/roving.js";

// cells(item) returns what a row shows; detail(item, place) fills in what it opens to; the newest row comes first.
export function rowList({ label, empty, key, cells, detail }) {
  const list = make("ul", { className: "rows", "aria-label": label });
  const note = make("p", { className: "empty" }, empty);
  const node = make("div", {}, note, list);
  const rows = new Map();
  const chooseRow = roving(list, ".row");
  function show(items) {
    note.hidden = items.length > 0;
    const keys = new Set(items.map(key));
    for (const [id, row] of rows) if (!keys.has(id)) { row.node.remove(); rows.delete(id); }
    for (const item of items) {
      const id = key(item);
      const text = JSON.stringify(item);
      const row = rows.get(id) ?? add(id);
      row.item = item;
      if (row.text !== text) row.head.replaceChildren(...cells(item));
      row.text = text;
      if (row.node.parentNode !== list) list.prepend(row.node);
    }
    chooseRow();
  }
  function add(id) {
    const head = make("button", { type: "button", className: "row", tabIndex: -1, "aria-expanded": "false" });
    const place = make("div", { className: "row-detail", hidden: true });
    const row = { head, node: make("li", {}, head, place), text: "", item: null };
    head.addEventListener("click", () => {
      place.hidden = !place.hidden;
      head.setAttribute("aria-expanded", String(!place.hidden));
      place.replaceChildren();
      if (!place.hidden) detail(row.item, place);
    });
    rows.set(id, row);
    return row;
  }
  return { node, show };
}

export function cell(text, className = "", properties = {}) {
  return make("span", { className, ...properties }, text);
}

export function time(moment) {
  const when = new Date(moment);
  return cell(when.toLocaleTimeString([], { hour12: false }), "time", { title: `${when.toLocaleString()}, ${when.getMilliseconds()} ms` });
}

// A text with a title and a button that copies it.
export function textBlock(title, text) {
  const copies = button("Copy", () => copy(text, copies), { "aria-label": `Copy: ${title}` });
  return make("section", { className: "text-block" },
    make("header", {}, make("h4", {}, title), copies), make("pre", { tabIndex: 0 }, text || "(empty)"));
}

export function problemNode() {
  return make("p", { className: "wrong", role: "alert", hidden: true });
}

// Runs what a button does, and shows in problem why it could not be done.
export async function attempt(problem, act) {
  problem.hidden = true;
  try {
    return await act();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
    return null;
  }
}
