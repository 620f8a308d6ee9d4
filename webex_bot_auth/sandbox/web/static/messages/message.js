// Renders one message as DOM nodes.

import { query } from "../common/ask.js";
import { renderCard } from "../cards/card.js";
import { avatar, button, make } from "../common/dom.js";
import { showHandling } from "./handling.js";
import { markdown } from "../common/markdown.js";
import { state } from "../common/state.js";

// handlers: reply(message), submit(message, inputs), json(message), errors()
export function messageNode(message, person, handlers) {
  const node = make("article", { className: "message", "aria-label": `${person.name}, ${clock(message.created)}` },
    avatar(person.name, person.isBot),
    make("div", { className: "message-main" }, head(message, person), body(message, handlers),
      make("div", { className: "handling-place" }), tools(message, person, handlers)),
    make("div", { className: "thread" }));
  node.dataset.message = message.id;
  update(node, message, handlers);
  return node;
}

// Shows what can change without the message itself: what bots are doing with it.
export function update(node, message, handlers) {
  showHandling(node.querySelector(".handling-place"), message.handling, handlers);
}

export function clock(created) {
  return new Date(created).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function head(message, person) {
  const node = make("header", { className: "message-head" }, make("strong", { dir: "auto" }, person.name));
  if (person.isBot) node.append(make("span", { className: "tag" }, "Bot"));
  node.append(make("time", { dateTime: message.created, title: new Date(message.created).toLocaleString() }, clock(message.created)));
  if (message.edited) node.append(make("span", { className: "tag" }, "Edited"));
  return node;
}

// One Tab stop for the tools of all messages, see messages.js: none has one of its own.
function tools(message, person, handlers) {
  const reply = button("Reply", () => handlers.reply(message),
    { tabIndex: -1, "aria-label": `Reply to ${person.name} in a thread` });
  const json = button("JSON", () => handlers.json(message),
    { tabIndex: -1, "aria-label": `JSON of the message of ${person.name}` });
  return make("div", { className: "message-tools", role: "group", "aria-label": "Tools of this message" }, reply, json);
}

function body(message, handlers) {
  const node = make("div", { className: "message-body" });
  // the text of a message with a card is for clients that cannot show cards
  if (!message.card && message.markdown) node.append(make("div", { className: "rich", dir: "auto" }, ...markdown(message.markdown)));
  else if (!message.card && message.text) node.append(make("div", { className: "rich", dir: "auto" }, make("p", {}, ...plain(message))));
  if (message.card) node.append(renderCard(message.card, (inputs) => handlers.submit(message, inputs)));
  for (const one of message.files) node.append(file(one));
  if (message.unseenBy.length) node.append(make("p", { className: "unseen-by" }, unseenBy(message.unseenBy)));
  return node;
}

function unseenBy(bots) {
  const [all, pronoun] = bots.length === 1 ? [`${bots[0]} does`, "it"] : [`${bots.slice(0, -1).join(", ")} and ${bots.at(-1)} do`, "them"];
  return `${all} not see this: it does not mention ${pronoun}.`;
}

function file({ id, name, type, size }) {
  const address = `/chat/files/${encodeURIComponent(id)}?${query({ person: state.me })}`;
  const link = make("a", { className: "file", href: address, download: name, dir: "auto" }, name, make("small", {}, ` ${bytes(size)}`));
  if (!/^image\/(png|jpeg|gif|webp|svg\+xml)$/.test(type)) return make("p", {}, link);
  return make("figure", {}, make("img", { className: "picture", src: address, alt: name, loading: "lazy" }), make("figcaption", {}, link));
}

function bytes(size) {
  if (size < 1024) return `${size} bytes`;
  return size < 1024 * 1024 ? `${Math.round(size / 1024)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;
}

// A plain text with the names of those whom it mentions set off.
function plain(message) {
  const names = message.mentioned.filter(Boolean);
  if (!names.length) return [message.text];
  const pattern = new RegExp(`(@?(?:${names.map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")}))`, "gi");
  return message.text.split(pattern).map((part, index) => (index % 2 ? make("span", { className: "mention" }, part) : part));
}
