// A transcript to save, and starting over.

import { ask, query } from "../common/ask.js";
import { button, make } from "../common/dom.js";
import { current, state } from "../common/state.js";
import { attempt, problemNode } from "./rows.js";

export function start(panel) {
  const problem = problemNode();
  const save = make("a", { className: "button", download: "transcript.md" }, "Save the transcript");
  const title = make("p", { className: "muted" });
  const confirm = make("div", { className: "confirm", hidden: true }, make("p", {},
    "This deletes all messages, ends all logins, switches all faults off, sets the clock right and forgets calls, events and errors. People, spaces and connected bots stay."));
  const startOver = button("Start over", () => { confirm.hidden = false; confirm.querySelector("button").focus(); }, { className: "button" });
  confirm.append(make("div", { className: "bar" },
    button("Yes, start over", () => attempt(problem, async () => { await ask("/workbench/clean", {}); confirm.hidden = true; startOver.focus(); }), { className: "button primary" }),
    button("No", () => { confirm.hidden = true; startOver.focus(); }, { className: "button" })));
  panel.append(make("h3", {}, "Transcript"), title, save, make("h3", {}, "Start over"), startOver, confirm, problem);
  return () => {
    save.hidden = !current();
    title.textContent = current() ? `Of the space ${current().title}, as a Markdown file, without secrets.` : "Choose a space first.";
    save.href = `/workbench/transcript?${query({ person: state.me, room: state.space })}`;
  };
}
