// Where one writes: sending, replies, earlier messages by the up arrow, and whom bots in a group hear.

import { ask } from "../common/ask.js";
import { attach, attachment, startAttachment } from "./attachment.js";
import { closeCompletion, completionKey, picked, showCompletion, startCompletion } from "./completion.js";
import { $, button, make } from "../common/dom.js";
import { ownTexts } from "../messages/messages.js";
import { peopleOf, current, state } from "../common/state.js";

let replyTo = null;
let recalled = -1; // which earlier message stands in the field; -1 for none
let draft = "";

export function startComposer() {
  startCompletion();
  startAttachment();
  $("reply").querySelector("button").addEventListener("click", () => reply(null));
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); say(); });
  $("text").addEventListener("input", () => { recalled = -1; grow(); showCompletion(); });
  $("text").addEventListener("blur", closeCompletion);
  $("text").addEventListener("keydown", (event) => {
    if (event.isComposing || completionKey(event)) return;
    const act = { Enter: enter, ArrowUp: () => recall(1), ArrowDown: () => recall(-1), Escape: escape }[event.key];
    if (act?.(event)) event.preventDefault();
  });
}

export function showComposer() {
  const space = current();
  $("composer").hidden = !space;
  const bots = peopleOf(space).filter((one) => one.isBot);
  const example = bots.flatMap((bot) => bot.commands).find((one) => one.keyword !== "help");
  $("text").placeholder = example ? `For example “${example.keyword}”` : "Write a message";
  const isGroup = space && !space.isDirect && bots.length > 0;
  $("hint").hidden = !isGroup;
  $("hint").textContent = isGroup ? `In a group, a bot sees only messages that mention it. Type @ to choose one.` : "";
  const key = JSON.stringify(isGroup ? bots.map((bot) => bot.id) : []);
  if ($("mentions").dataset.key === key) return;
  $("mentions").dataset.key = key;
  $("mentions").replaceChildren(...(isGroup ? bots : []).map((bot) => button(`@${bot.name}`, () => mentionFirst(bot))));
}

function mentionFirst(bot) {
  picked.add(bot.id);
  if (!$("text").value.startsWith(`@${bot.name}`)) $("text").value = `@${bot.name} ${$("text").value}`;
  $("text").focus();
}

// Puts a text into the field, to be changed and sent.
export function suggest(text) {
  $("text").value = text;
  grow();
  $("text").focus();
}

export function reply(message) {
  replyTo = message;
  $("reply").hidden = !message;
  $("reply").firstElementChild.textContent = message ? `Replying to ${message.name} in a thread. Escape cancels.` : "";
  if (message) $("text").focus();
}

function enter(event) {
  if (event.shiftKey) return false;
  say();
  return true;
}

function escape() {
  if (!replyTo) return false;
  reply(null);
  return true;
}

// Up goes to an earlier own message, down to a later one, as in a shell; only if nothing else is in the field.
function recall(step) {
  const texts = ownTexts();
  const to = recalled + step;
  if ((recalled < 0 && ($("text").value || step < 0)) || to >= texts.length) return false;
  if (recalled < 0) draft = $("text").value;
  recalled = Math.max(to, -1);
  suggest(recalled < 0 ? draft : texts[recalled]);
  return true;
}

function problem(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

function grow() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
}

async function say() {
  const typed = $("text").value;
  const text = typed.trim();
  const mentions = peopleOf(current()).filter((one) => picked.has(one.id) && text.includes(`@${one.name}`)).map((one) => one.id);
  try {
    const file = await attachment();
    if (!text && !file) return;
    write(""); // at once: what is typed while this is being sent is the next message
    picked.clear();
    await ask("/chat/messages", { person: state.me, room: state.space, text, mentions, file, parent: replyTo?.id });
    attach(null);
    problem("");
  } catch (error) {
    if (!$("text").value) {
      write(typed);
      for (const id of mentions) picked.add(id);
    }
    problem(error.message);
  }
}

function write(text) {
  $("text").value = text;
  recalled = -1;
  grow();
}

// What to type, where nothing has been said yet.
export function showWelcome() {
  const space = current();
  const bots = peopleOf(space).filter((one) => one.isBot);
  const commands = bots.flatMap((bot) => bot.commands.map((one) => ({ ...one, bot })));
  const key = JSON.stringify([space?.id, commands, bots.length]);
  if ($("welcome").dataset.key === key) return;
  $("welcome").dataset.key = key;
  $("welcome").replaceChildren(...(space ? welcome(space, bots, commands) : [make("p", {}, "Choose a space, or make one.")]));
}

function welcome(space, bots, commands) {
  const nodes = [make("p", { className: "welcome-title" }, "No messages yet.")];
  if (!bots.length) return nodes;
  const to = (bot) => (space.isDirect ? "" : `@${bot.name} `);
  const known = commands.length ? commands : bots.map((bot) => ({ bot, keyword: "help", help: "what the bot can do, with most bots" }));
  nodes.push(make("p", {}, "Write to the bot below, for example:"), make("ul", {}, ...known.map((one) => make("li", {},
    button(one.keyword, () => { picked.add(one.bot.id); suggest(`${to(one.bot)}${one.keyword} `); }, { className: "button" }),
    make("span", {}, one.help)))));
  return nodes;
}
