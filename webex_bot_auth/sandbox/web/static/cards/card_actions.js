// The buttons of cards.

import { isWebAddress, make } from "../common/dom.js";

// context.body(card, context) returns the nodes of a card inside a card.
export function actions(list, context) {
  const bar = make("div", { className: "card-actions" });
  const below = make("div");
  for (const action of list) bar.append(...button(action, context, below));
  return make("div", {}, bar, below);
}

function button(action, context, below) {
  const render = ACTIONS[action?.type];
  if (!render) return [];
  const node = render(action, context, below);
  if (action.style === "positive") node.classList.add("primary");
  if (action.style === "destructive") node.classList.add("destructive");
  return [node];
}

const ACTIONS = {
  "Action.OpenUrl": (action) => {
    const node = make("a", { className: "button", target: "_blank", rel: "noopener noreferrer" }, action.title ?? "Open");
    if (isWebAddress(action.url)) node.href = action.url;
    else node.setAttribute("aria-disabled", "true");
    return node;
  },
  "Action.Submit": (action, context) => {
    const node = make("button", { type: "button", className: "button" }, action.title ?? "Submit");
    node.addEventListener("click", () => send(node, action, context));
    return node;
  },
  "Action.ShowCard": (action, context, below) => {
    const node = make("button", { type: "button", className: "button" }, action.title ?? "More");
    const sub = make("div", { className: "card-sub", hidden: true }, ...context.body(action.card ?? {}, context));
    node.setAttribute("aria-expanded", "false");
    node.addEventListener("click", () => {
      sub.hidden = !sub.hidden;
      node.setAttribute("aria-expanded", String(!sub.hidden));
    });
    below.append(sub);
    return node;
  },
  "Action.ToggleVisibility": (action, context) => {
    const node = make("button", { type: "button", className: "button" }, action.title ?? "Toggle");
    node.addEventListener("click", () => {
      for (const target of action.targetElements ?? []) {
        const id = target.elementId ?? target;
        const found = context.root.querySelector(`[data-element="${CSS.escape(id)}"]`);
        if (found) found.hidden = target.isVisible === undefined ? !found.hidden : !target.isVisible;
      }
    });
    return node;
  },
};

// A card inside a card sends its own inputs and those of the outer card, not those of other inner cards.
function inputsFor(node, root) {
  return [...root.querySelectorAll("[data-input]")].filter((input) => {
    const sub = input.closest(".card-sub");
    return input.dataset.input && (!sub || sub.contains(node));
  });
}

async function send(node, action, context) {
  const inputs = inputsFor(node, context.root);
  const controls = inputs.flatMap((input) => [...input.querySelectorAll("input, select, textarea")]);
  if (!controls.every((control) => control.reportValidity())) return;
  const filled = Object.fromEntries(inputs.map((input) => [input.dataset.input, input.value_()]));
  node.disabled = true;
  context.state.className = "card-state";
  try {
    await context.submit({ ...filled, ...(typeof action.data === "object" ? action.data : {}) });
    context.state.textContent = "Sent";
  } catch (error) {
    context.state.classList.add("wrong");
    context.state.textContent = error.message;
  } finally {
    node.disabled = false;
  }
}
