// Renders Adaptive Cards up to version 1.3 as DOM nodes, without innerHTML.

import { actions } from "./card_actions.js";
import { INPUTS, name } from "./card_inputs.js";
import { make } from "../common/dom.js";
import { inline } from "../common/markdown.js";

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
  const context = { submit, state, root: null, body };
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
  ...INPUTS,
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
