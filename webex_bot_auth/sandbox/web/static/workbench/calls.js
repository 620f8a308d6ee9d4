// The calls that clients make: a live list; each opens to the request and the answer.

import { ask, query } from "../common/ask.js";
import { button, copy, make } from "../common/dom.js";
import { attempt, cell, problemNode, rowList, textBlock, time } from "./rows.js";

export function start(panel) {
  const list = rowList({ label: "Calls", empty: "No calls yet. Each call that a bot makes appears here.", key: ({ number }) => number, cells, detail });
  const filter = make("input", { type: "search", className: "input", placeholder: "Filter, such as messages or 401", "aria-label": "Filter" });
  const problem = problemNode();
  let calls = [];
  const showFiltered = () => list.show(calls.filter((call) => matches(call, filter.value.toLowerCase())));
  filter.addEventListener("input", showFiltered);
  const clear = button("Clear", () => attempt(problem, () => ask("/workbench/calls/clear", {})));
  panel.append(make("div", { className: "bar" }, filter, clear), problem, list.node);
  return () => attempt(problem, async () => {
    ({ calls } = await ask("/workbench/calls"));
    showFiltered();
  });
}

function matches(call, text) {
  return `${call.who} ${call.method} ${call.path} ${call.status}`.toLowerCase().includes(text);
}

function cells(call) {
  const isBad = call.status === null ? call.ms !== null : call.status >= 400;
  return [
    time(call.time),
    cell(call.method, "method"),
    cell(shortened(call.path), "path", { title: call.path }),
    cell(call.status === null ? (call.ms === null ? "…" : "cut off") : String(call.status), isBad ? "status bad" : "status"),
    cell([call.who || "nobody", call.ms === null ? "" : `${call.ms} ms`].filter(Boolean).join(", "), "by"),
  ];
}

// A path whose ids are cut to their ends, which are what differs.
function shortened(path) {
  return path.split("/").map((part) => (part.length > 30 ? `…${part.slice(-8)}` : part)).join("/");
}

async function detail({ number }, place, reveal = "") {
  const problem = problemNode();
  place.replaceChildren(problem);
  const call = await attempt(problem, () => ask(`/workbench/calls/${number}?${query({ reveal })}`));
  if (!call) return;
  const curl = button("Copy as curl", () => copy(call.curl, curl));
  const secrets = button(reveal ? "Mask secrets" : "Reveal secrets", () => detail({ number }, place, reveal ? "" : "1"));
  place.append(make("div", { className: "bar" }, curl, secrets),
    textBlock("Request", [call.request, call.requestBody].filter(Boolean).join("\n\n")),
    textBlock("Answer", [call.answer, call.answerBody].filter(Boolean).join("\n\n")));
}
