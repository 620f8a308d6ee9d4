// Faults of Webex to switch on, to see what a bot makes of them.

import { ask } from "../common/ask.js";
import { button, make } from "../common/dom.js";
import { attempt, problemNode } from "./rows.js";

const HTTP = {
  status: ["Answers with a status", 503], reset: ["Resets the connection"], hang: ["Does not answer until it is off"],
  slow: ["Answers late, in seconds", 5], rate: ["Answers 429 after so many calls a minute", 10], html: ["Answers with HTML and 200"], empty: ["Answers {} and 200"], wrong_types: ["Answers with wrong types and 200"],
};
const WEBSOCKET = {
  drop: ["Breaks when an event is to be sent"], duplicate: ["Sends events twice"], refuse: ["Refuses connections with a status", 503],
};
const PLACES = { token: "The token endpoint", rest: "The REST API", websocket: "The websocket" };
const kindsOf = (where) => (where === "websocket" ? WEBSOCKET : HTTP);

export function start(panel) {
  const problem = problemNode();
  const active = make("ul", { className: "plain", "aria-label": "Active faults" });
  const none = make("p", { className: "empty" }, "No fault is on.");
  const off = (fields) => attempt(problem, () => ask("/workbench/faults/clear", fields));
  const allOff = button("Switch all off", () => off({}), { className: "button" });
  panel.append(make("h3", {}, "Active"), none, active, allOff, make("h3", {}, "Switch on"), form(problem), problem);
  return () => attempt(problem, async () => {
    const { faults } = await ask("/workbench/faults");
    none.hidden = faults.length > 0;
    allOff.hidden = faults.length < 2;
    active.replaceChildren(...faults.map((fault) => make("li", { className: "bar fault" },
      make("span", { className: "chip warn" }, PLACES[fault.where]), make("span", {}, describe(fault)),
      button("Switch off", () => off({ id: fault.id })))));
  });
}

function describe(fault) {
  const [label] = kindsOf(fault.where)[fault.kind] ?? [fault.kind];
  const times = fault.times ? `, seen ${fault.seen} of ${fault.times} times` : `, seen ${fault.seen === 1 ? "once" : `${fault.seen} times`}`;
  return `${label}${fault.value ? `: ${fault.value}` : ""}${fault.limit ? ` (${fault.limit})` : ""}${times}`;
}

function field(label, control) {
  return make("label", { className: "field" }, label, control);
}

function choice(name, options) {
  return make("select", { className: "input", name }, ...Object.entries(options).map(([value, label]) => make("option", { value }, label)));
}

function form(problem) {
  const where = choice("where", PLACES);
  const kind = make("select", { className: "input", name: "kind" });
  const number = make("input", { className: "input", name: "value", type: "number", min: 0, step: "any" });
  const fields = {
    value: field("Number", number),
    grant: field("Which requests", choice("grant", { "": "all", exchange: "first tokens (exchange)", refresh: "refreshes" })),
    path: field("Paths that begin with", make("input", { className: "input", name: "path", value: "/v1/" })),
    method: field("Method", choice("method", { "": "all", GET: "GET", POST: "POST", PUT: "PUT", DELETE: "DELETE" })),
    retryAfter: field("Retry-After, in seconds (optional)", make("input", { className: "input", name: "retryAfter", type: "number", min: 0 })),
    times: field("How often (empty: until it is off)", make("input", { className: "input", name: "times", type: "number", min: 1 })),
  };
  const showKind = () => {
    const value = kindsOf(where.value)[kind.value]?.[1];
    fields.value.hidden = value === undefined;
    number.value = value ?? "";
    fields.retryAfter.hidden = kind.value !== "status";
  };
  const showPlace = () => {
    kind.replaceChildren(...Object.entries(kindsOf(where.value)).map(([value, [label]]) => make("option", { value }, label)));
    fields.grant.hidden = where.value !== "token";
    fields.path.hidden = fields.method.hidden = where.value !== "rest";
    showKind();
  };
  where.addEventListener("change", showPlace);
  kind.addEventListener("change", showKind);
  const node = make("form", { className: "fault-form" }, field("Where", where), field("What", kind), ...Object.values(fields),
    make("button", { className: "button primary" }, "Switch on"));
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(problem, () => ask("/workbench/faults", Object.fromEntries(new FormData(node))));
  });
  showPlace();
  return node;
}
