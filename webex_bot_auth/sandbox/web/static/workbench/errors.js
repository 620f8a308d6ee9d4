// The errors of the bots that run in the sandbox's process.

import { ask } from "../common/ask.js";
import { button, make } from "../common/dom.js";
import { report } from "../messages/handling.js";
import { state } from "../common/state.js";
import { attempt, problemNode, time } from "./rows.js";

export function start(panel) {
  const problem = problemNode();
  const list = make("div", { className: "errors" });
  panel.append(problem, list);
  const shown = new Map();
  return () => attempt(problem, async () => {
    const { errors } = await ask("/workbench/errors");
    for (const error of errors) if (!shown.has(error.id)) shown.set(error.id, errorNode(error));
    const nodes = errors.length ? errors.map((error) => shown.get(error.id)) : [empty()];
    if (nodes.length === list.children.length && nodes[0] === list.firstChild) return;
    list.replaceChildren(...nodes);
    if (errors.length) nodes[0].querySelector("details").open = true;
  });
}

function empty() {
  return make("p", { className: "empty" },
    "No errors. What a bot that runs in the sandbox's process raises or logs as an error appears here.");
}

function errorNode(error) {
  const node = make("article", { className: "handling failed" },
    make("header", { className: "bar" }, time(error.time), make("strong", {}, error.bot), make("q", { dir: "auto" }, error.text.slice(0, 80))),
    report(error.title, error.report, ""));
  const isHere = state.spaces.some((one) => one.id === error.room);
  if (isHere) node.querySelector(".handling-buttons").append(button("Show the message", () => {
    document.querySelector(`[data-space="${CSS.escape(error.room)}"]`)?.click();
  }));
  return node;
}
