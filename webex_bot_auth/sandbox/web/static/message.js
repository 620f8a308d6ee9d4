// Renders messages as DOM nodes.

import { renderCard } from "./card.js";
import { inline, make, markdown } from "./markdown.js";

function initials(text) {
  return text.split(/\s+/).slice(0, 2).map((word) => word.charAt(0)).join("").toUpperCase();
}

export function avatar(title, isBot) {
  const node = make("span", { className: isBot ? "avatar bot" : "avatar" }, initials(title));
  node.setAttribute("aria-hidden", "true");
  return node;
}

// handlers.reply(message) starts a reply; handlers.submit(message, inputs) submits a card.
export function messageNode(message, handlers) {
  const { person } = message;
  const when = new Date(message.created);
  const head = make("header", { className: "message-head" }, make("strong", {}, person.name));
  if (person.isBot) head.append(make("span", { className: "tag" }, "Bot"));
  head.append(make("time", { dateTime: message.created, title: when.toLocaleString() }, when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
  if (message.edited) head.append(make("span", { className: "tag" }, "Edited"));
  head.append(replyButton(message, handlers));
  const node = make("article", { className: "message" }, avatar(person.name, person.isBot),
    make("div", { className: "message-main" }, head, make("div", { className: "message-body" }, ...content(message, handlers))),
    make("div", { className: "thread" }));
  node.dataset.message = message.id;
  return node;
}

function replyButton(message, handlers) {
  const button = make("button", { type: "button", className: "button quiet" }, "Reply");
  button.setAttribute("aria-label", `Reply to ${message.person.name} in a thread`);
  button.addEventListener("click", () => handlers.reply(message));
  return button;
}

function content(message, handlers) {
  const parts = [];
  // the text of a message with a card is for clients that cannot show cards
  if (!message.card && message.markdown) parts.push(make("div", { className: "rich" }, ...markdown(message.markdown)));
  else if (!message.card && message.text) parts.push(make("div", { className: "rich" }, make("p", {}, ...plain(message))));
  if (message.card) parts.push(renderCard(message.card, (inputs) => handlers.submit(message, inputs)));
  for (const file of message.files) parts.push(make("p", {}, ...inline(file)));
  return parts;
}

function plain(message) {
  const name = message.mentioned.find((one) => message.text.toLowerCase().startsWith(one.toLowerCase()));
  if (!name) return [message.text];
  return [make("span", { className: "mention" }, message.text.slice(0, name.length)), message.text.slice(name.length)];
}
