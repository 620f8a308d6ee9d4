// The inputs of cards: each node has data-input, the id, and value_(), which returns what is filled in.

import { make } from "../common/dom.js";
import { inline } from "../common/markdown.js";

let numbers = 0;

export const INPUTS = {
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

// Turns a value of a card into a part of a class name.
export function name(value) {
  const text = String(value).replace(/\W/g, "");
  return text.charAt(0).toLowerCase() + text.slice(1);
}

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
