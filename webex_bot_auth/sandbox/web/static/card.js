// Renders Adaptive Cards up to version 1.3 as DOM nodes, without innerHTML.

import { inline, isWebAddress, make } from "./markdown.js";

let numbers = 0;

// Returns a DOM node for a card; submit(inputs) sends what is filled in and returns a promise.
export function renderCard(card, submit) {
  try {
    return cardNode(card, submit);
  } catch (error) { // bots may send invalid cards, which must not hide the other messages
    return make("p", { className: "card card-state wrong" }, `This card cannot be shown: ${error.message}`);
  }
}

function cardNode(card, submit) {
  const state = make("p", { className: "card-state" });
  state.setAttribute("role", "status");
  const context = { submit, state, root: null };
  const root = make("div", { className: "card" }, ...body(card, context), state);
  context.root = root;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Card");
  return root;
}

function body(card, context) {
  const parts = [items(card.body, context)];
  if (card.actions?.length) parts.push(actions(card.actions, context));
  return parts;
}

function items(list, context) {
  const nodes = (Array.isArray(list) ? list : []).map((item) => element(item, context)).filter(Boolean);
  return make("div", { className: "card-items" }, ...nodes);
}

function element(item, context) {
  const render = ELEMENTS[item?.type];
  if (!render) return null;
  const node = render(item, context);
  if (!node) return null;
  if (item.spacing && item.spacing !== "default") node.classList.add(`spacing-${name(item.spacing)}`);
  if (item.separator) node.classList.add("separator");
  if (item.horizontalAlignment) node.classList.add(`align-${name(item.horizontalAlignment)}`);
  if (item.id) node.dataset.element = item.id;
  if (item.isVisible === false) node.hidden = true;
  return node;
}

// Turns a value of a card into a part of a class name.
function name(value) {
  const text = String(value).replace(/\W/g, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function styled(node, item) {
  for (const [key, prefix] of [["size", "size"], ["weight", "weight"], ["color", "color"], ["fontType", "font"]]) {
    if (item[key]) node.classList.add(`${prefix}-${name(item[key])}`);
  }
  if (item.isSubtle) node.classList.add("subtle");
  return node;
}

const ELEMENTS = {
  TextBlock: (item) => styled(
    make("div", { className: item.wrap ? "card-text wrap" : "card-text" }, ...inline(String(item.text ?? ""))), item),
  RichTextBlock: (item) => make("div", { className: "card-text wrap" }, ...(item.inlines ?? []).map((run) =>
    (typeof run === "string" ? run : styled(make("span", { className: "card-text wrap" }, run.text ?? ""), run)))),
  Image: image,
  ImageSet: (item) => make("div", { className: "card-images" },
    ...(item.images ?? []).map((one) => image({ size: item.imageSize, ...one })).filter(Boolean)),
  FactSet: (item) => make("dl", { className: "card-facts" }, ...(item.facts ?? []).flatMap((fact) => [
    make("dt", {}, ...inline(String(fact.title ?? ""))), make("dd", {}, ...inline(String(fact.value ?? "")))])),
  Container: (item, context) => {
    const node = make("div", { className: "card-container" }, items(item.items, context));
    if (item.style) node.classList.add(`style-${name(item.style)}`);
    return node;
  },
  ColumnSet: (item, context) => make("div", { className: "card-columns" },
    ...(item.columns ?? []).map((one) => column(one, context))),
  ActionSet: (item, context) => actions(item.actions ?? [], context),
  "Input.Text": (item) => labelled(item, text(item)),
  "Input.Number": (item) => labelled(item, make("input",
    { type: "number", placeholder: item.placeholder ?? "", value: item.value ?? "", min: item.min ?? "", max: item.max ?? "", step: "any" })),
  "Input.Date": (item) => labelled(item, make("input",
    { type: "date", value: item.value ?? "", min: item.min ?? "", max: item.max ?? "" })),
  "Input.Time": (item) => labelled(item, make("input",
    { type: "time", value: item.value ?? "", min: item.min ?? "", max: item.max ?? "" })),
  "Input.Toggle": toggle,
  "Input.ChoiceSet": (item) => (item.style === "expanded" || item.isMultiSelect ? choices(item) : select(item)),
};

function image(item) {
  if (!/^(https?:|data:image\/)/i.test(item.url ?? "")) return null;
  const node = make("img", { className: "card-image", src: item.url, alt: item.altText ?? "" });
  node.addEventListener("error", () => node.remove()); // no icon of a broken picture
  if (item.size) node.classList.add(`size-${name(item.size)}`);
  if (item.style === "person") node.classList.add("person");
  return node;
}

function column(item, context) {
  const node = make("div", { className: "card-column" }, items(item.items, context));
  const width = String(item.width ?? "stretch");
  if (width === "auto") node.style.flex = "0 1 auto";
  else if (/^\d+px$/.test(width)) node.style.flex = `0 0 ${width}`;
  else node.style.flex = `${Number(width) || 1} 1 0`;
  if (item.id) node.dataset.element = item.id;
  if (item.isVisible === false) node.hidden = true;
  return node;
}

// -- inputs: each node has data-input, the id, and value_(), which returns what is filled in

function text(item) {
  const known = { email: "email", tel: "tel", url: "url", password: "password" };
  const control = item.isMultiline
    ? make("textarea") : make("input", { type: known[name(item.style ?? "")] ?? "text" });
  if (item.maxLength > 0) control.maxLength = item.maxLength;
  return Object.assign(control, { placeholder: item.placeholder ?? "", value: item.value ?? "" });
}

function asInput(node, item, value) {
  node.dataset.input = item.id ?? "";
  node.value_ = value;
  return node;
}

function labelled(item, control) {
  control.classList.add("input");
  control.id = `card-input-${(numbers += 1)}`;
  control.required = item.isRequired === true;
  const label = make("label", { htmlFor: control.id }, item.label ?? "");
  if (!item.label) control.setAttribute("aria-label", item.placeholder || item.id || "Input");
  const parts = item.label ? [label, control] : [control];
  return asInput(make("div", { className: "card-input" }, ...parts), item, () => control.value);
}

function choice(kind, group, title, checked, value = "") {
  const control = make("input", { type: kind, name: group, checked, value });
  return make("label", { className: "card-choice" }, control, make("span", {}, ...inline(String(title ?? ""))));
}

function toggle(item) {
  const [on, off] = [item.valueOn ?? "true", item.valueOff ?? "false"];
  const label = choice("checkbox", "", item.title, item.value === on);
  const control = label.querySelector("input");
  control.required = item.isRequired === true;
  return asInput(make("div", { className: "card-input" }, label), item, () => (control.checked ? on : off));
}

function select(item) {
  const empty = make("option", { value: "" }, item.placeholder ?? "Choose");
  const options = (item.choices ?? []).map((one) => make("option", { value: one.value }, one.title ?? one.value));
  const control = make("select", {}, ...(item.value ? [] : [empty]), ...options);
  control.value = item.value ?? "";
  return labelled(item, control);
}

function choices(item) {
  const kind = item.isMultiSelect ? "checkbox" : "radio";
  const group = `card-choices-${(numbers += 1)}`;
  const defaults = String(item.value ?? "").split(",");
  const labels = (item.choices ?? []).map((one) => choice(kind, group, one.title, defaults.includes(one.value), one.value));
  const node = make("fieldset", { className: "card-input" }, make("legend", {}, item.label ?? ""), ...labels);
  if (!item.label) node.setAttribute("aria-label", item.placeholder || item.id || "Choices");
  return asInput(node, item, () =>
    [...node.querySelectorAll("input:checked")].map((control) => control.value).join(","));
}

// -- buttons

function actions(list, context) {
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
    const sub = make("div", { className: "card-sub", hidden: true }, ...body(action.card ?? {}, context));
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
