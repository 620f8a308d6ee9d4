// What a bot that runs in the sandbox's process is doing with a message: it works, or it has failed.

import { button, copy, make } from "../common/dom.js";

// Shows it in a place of its own; an opened traceback stays open.
export function showHandling(place, handlings, handlers) {
  const key = JSON.stringify(handlings);
  if (place.dataset.key === key) return;
  const wasOpen = place.querySelector("details")?.open;
  place.dataset.key = key;
  place.replaceChildren(...handlings.map((one) => handlingNode(one, handlers)).filter(Boolean));
  const details = place.querySelector("details");
  if (wasOpen && details) details.open = true;
}

function handlingNode(handling, handlers) {
  if (handling.state === "working") {
    return make("p", { className: "handling working", role: "status" },
      make("span", { className: "spinner", "aria-hidden": "true" }), `${handling.bot} is working on it`);
  }
  if (handling.state === "failed") return failure(handling, handlers);
  if (handling.state === "silent") return silence(handling);
  return null;
}

function failure(handling, handlers) {
  const details = report(`${handling.bot} failed: ${handling.title}`, handling.report, "handling failed");
  details.querySelector(".handling-buttons").append(button("All errors", () => handlers.errors()));
  return details;
}

function silence(handling) {
  const text = `${handling.bot} has handled this without an answer.`;
  if (!handling.report) return make("p", { className: "handling" }, text);
  return report(`${text} Its log says why`, handling.report, "handling silent");
}

// A line that opens a text which can be copied.
export function report(title, text, className) {
  const pre = make("pre", { tabIndex: 0, "aria-label": "Traceback" }, text);
  const copies = button("Copy", () => copy(text, copies));
  const node = make("details", { className }, make("summary", { dir: "auto" }, title), pre,
    make("div", { className: "handling-buttons" }, copies));
  node.addEventListener("toggle", () => { pre.scrollTop = pre.scrollHeight; }); // what went wrong stands at the end
  return node;
}
