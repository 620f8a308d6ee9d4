// The messages of the chosen space: new ones are added, changed ones are replaced, the others stay as they are.

import { group, next } from "./days.js";
import { $, make } from "../common/dom.js";
import { messageNode, update } from "./message.js";
import { roving } from "../common/roving.js";
import { state } from "../common/state.js";
import { arrived, atEnd, isAtEnd, toEnd } from "./unseen.js";

const shown = new Map(); // id of a message: its node; node.message_ is the message, node.key_ what is shown of it
let handlers = {};
let chooseTools = () => {};

export function startMessages(given) {
  handlers = given;
  chooseTools = roving($("messages"), ".message-tools button", { group: ".message" });
  atEnd();
}

export function clearMessages() {
  shown.clear();
  $("messages").replaceChildren();
  arrived([], true);
}

export function findMessage(id) {
  return shown.get(id)?.message_;
}

// Own messages in this space, the latest first.
export function ownTexts() {
  return [...shown.values()].map((node) => node.message_).filter((one) => one.person === state.me && one.text)
    .map((one) => one.text).reverse();
}

export function showMessages({ messages, gone }) {
  const isFirst = !shown.size;
  const wasAtEnd = isFirst || isAtEnd();
  const added = messages.filter((one) => !shown.has(one.id));
  const focused = $("messages").contains(document.activeElement) ? document.activeElement : null;
  for (const id of gone) remove(id);
  for (const message of messages) show(message);
  if (focused && document.activeElement !== focused) keepFocus(focused);
  $("messages").classList.toggle("is-empty", !shown.size);
  if (!added.length) return;
  chooseTools(shown.get(added.at(-1).id).querySelector(".message-tools button"));
  const own = added.some((one) => one.person === state.me);
  if (wasAtEnd || own) toEnd();
  const byOthers = added.filter((one) => one.person !== state.me); // one's own are not new, in another tab either
  arrived(byOthers.map((one) => shown.get(one.id)), wasAtEnd || own);
}

// The focus was on what has gone or moved, such as the button of a login card after the login.
function keepFocus(focused) {
  const touch = matchMedia("(pointer: coarse)").matches; // there, a focused field would open the keyboard
  (focused.isConnected ? focused : $(touch ? "messages" : "text")).focus({ preventScroll: true });
}

function show(message) {
  const { handling, ...rest } = message;
  const key = JSON.stringify(rest);
  const before = shown.get(message.id);
  if (before?.key_ === key) { // what is filled in on its card stays
    before.message_ = message;
    update(before, message, handlers);
    return;
  }
  const node = messageNode(message, state.people.get(message.person) ?? { name: "?", isBot: false }, handlers);
  Object.assign(node, { message_: message, key_: key });
  shown.set(message.id, node);
  if (before) replace(before, node);
  else place(node);
}

function replace(before, node) {
  node.querySelector(".thread").append(...before.querySelector(".thread").childNodes);
  node.classList.toggle("follows", before.classList.contains("follows"));
  before.replaceWith(node);
}

function place(node) {
  const parent = shown.get(node.message_.parent);
  if (parent) {
    parent.querySelector(".thread").append(node);
    regroup(next(parent));
    return;
  }
  $("messages").append(node);
  group(node);
}

function regroup(node) {
  if (node?.parentNode === $("messages")) group(node);
}

function remove(id) {
  const node = shown.get(id);
  if (!node) return;
  if (node.querySelector(".thread .message")) { // the thread stays
    node.querySelector(".message-body").replaceChildren(make("p", { className: "deleted" }, "This message was deleted."));
    node.querySelector(".message-tools").remove();
    return;
  }
  const [date, after] = [node.previousElementSibling, next(node)];
  shown.delete(id);
  node.remove();
  if (date?.matches(".day")) date.remove();
  regroup(after);
}
