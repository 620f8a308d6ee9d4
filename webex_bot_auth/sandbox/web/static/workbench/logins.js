// Who has granted what to whom, and until when; tokens can be ended.

import { ask } from "../common/ask.js";
import { button, make } from "../common/dom.js";
import { attempt, cell, problemNode } from "./rows.js";

export function start(panel) {
  const problem = problemNode();
  const list = make("div", { className: "logins" });
  panel.append(problem, list);
  return () => attempt(problem, async () => {
    const { logins } = await ask("/workbench/logins");
    const key = JSON.stringify(logins);
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    const focused = document.activeElement?.dataset?.act;
    list.replaceChildren(...(logins.length ? logins.map((one) => loginNode(one, problem)) : [empty()]));
    if (focused) list.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus();
  });
}

function empty() {
  return make("p", { className: "empty" }, "Nobody has logged in. Each login, and each refresh of its tokens, appears here.");
}

function loginNode(login, problem) {
  return make("article", { className: "login" },
    make("h3", { dir: "auto" }, `${login.person} → ${login.integration}`),
    make("p", { className: "muted" }, `Granted ${new Date(login.granted).toLocaleString()}: ${login.scopes.join(", ")}`),
    make("ul", { className: "plain" }, ...login.tokens.map((token) => tokenNode(token, login, problem))));
}

function tokenNode(token, login, problem) {
  const act = (action, label) => {
    const node = button(label, () => attempt(problem, () => ask(`/workbench/logins/${action}`, { id: token.id })),
      { disabled: token.state !== "valid", "aria-label": `${label} the ${token.kind} of ${login.person}` });
    node.dataset.act = `${action}-${token.id}`;
    return node;
  };
  return make("li", { className: "bar" }, cell(token.kind, "kind"), cell(token.state, token.state === "valid" ? "chip good" : "chip bad"),
    cell(token.expires ? `until ${new Date(token.expires).toLocaleString()}` : "", "muted"),
    make("span", { className: "acts" }, act("expire", "Expire"), act("revoke", "Revoke")));
}
