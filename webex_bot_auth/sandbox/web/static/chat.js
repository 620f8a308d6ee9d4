// The chat page: shows the spaces of the chosen person and the messages of the chosen space, always up to date.

import { make } from "./markdown.js";
import { avatar, messageNode } from "./message.js";

const $ = (id) => document.getElementById(id);
const state = { people: [], spaces: [], me: "", space: "", replyTo: null, lastSeen: {}, shown: new Map() };

// -- requests to the server

async function ask(path, body) {
  const options = body ? {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  } : {};
  const answer = await fetch(`/chat/${path}`, options);
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.message ?? "The sandbox did not answer.");
  return result;
}

const query = (fields) => new URLSearchParams(fields).toString();

// -- showing the state

let running = null;
let again = false;

// Loads the state; never twice at the same time, so a change meanwhile leads to another refresh afterwards.
function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = load().catch((error) => problem(error.message)).finally(() => {
    running = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return running;
}

async function load() {
  state.people = await ask("people");
  const persons = state.people.filter((one) => !one.isBot);
  if (!persons.some((one) => one.id === state.me)) state.me = persons[0]?.id ?? "";
  if (!state.me) return;
  const { me, space: wanted } = state;
  const spaces = await ask(`spaces?${query({ person: me })}`);
  const space = spaces.some((one) => one.id === wanted) ? wanted : (spaces[0]?.id ?? "");
  const messages = space ? await ask(`messages?${query({ person: me, room: space })}`) : [];
  if (me !== state.me || wanted !== state.space) { // another person or space was chosen meanwhile
    again = true;
    return;
  }
  state.spaces = spaces;
  if (space !== wanted) switchTo(space);
  showPeople(persons);
  showSpaces();
  showHead();
  showMessages(messages);
  remember();
}

function remember() {
  history.replaceState(null, "", `#${query({ person: state.me, space: state.space })}`);
}

function showPeople(persons) {
  const select = $("me");
  const key = JSON.stringify(persons.map((one) => [one.id, one.name]));
  if (select.dataset.key !== key) {
    select.replaceChildren(...persons.map((one) => make("option", { value: one.id }, one.name)));
    select.dataset.key = key;
  }
  select.value = state.me;
}

function showSpaces() {
  const focused = document.activeElement?.dataset?.space;
  const nodes = state.spaces.map((space) => {
    const bot = space.isDirect && space.people.some((one) => one.isBot);
    const who = make("span", { className: "who" }, make("strong", {}, space.title), make("small", {}, space.preview || "No messages yet"));
    const button = make("button", { type: "button", className: "space" }, avatar(space.title, bot), who);
    const unread = space.preview && space.id !== state.space && space.active > (state.lastSeen[state.me + space.id] ?? "");
    if (unread) button.append(make("span", { className: "unread", title: "New messages" }));
    button.dataset.space = space.id;
    button.setAttribute("aria-current", String(space.id === state.space));
    button.addEventListener("click", () => choose(space.id));
    return make("li", {}, button);
  });
  if (!nodes.length) nodes.push(make("li", { className: "empty" }, "You are in no space yet."));
  $("spaces").replaceChildren(...nodes);
  if (focused) $("spaces").querySelector(`[data-space="${focused}"]`)?.focus();
}

function current() {
  return state.spaces.find((one) => one.id === state.space);
}

function showHead() {
  const space = current();
  $("composer").hidden = !space;
  $("title").textContent = space?.title ?? "Webex sandbox";
  document.title = space ? `${space.title} - Webex sandbox` : "Webex sandbox";
  const others = space?.people.filter((one) => one.id !== state.me) ?? [];
  $("members").textContent = space?.isDirect ? others.map((one) => one.email).join() : (space?.people.map((one) => one.name).join(", ") ?? "");
  const absent = others.filter((one) => one.isBot && !one.online).map((one) => one.name);
  $("notice").hidden = !absent.length;
  $("notice").textContent = absent.length ? `${absent.join(", ")} is not connected. Start it to get answers.` : "";
  showMentions(space);
  if (space) state.lastSeen[state.me + space.id] = space.active;
}

function showMentions(space) {
  const bots = space && !space.isDirect ? space.people.filter((one) => one.isBot) : [];
  $("mentions").replaceChildren(...bots.map((bot) => {
    const button = make("button", { type: "button", className: "button quiet", title: `In a group, ${bot.name} sees only what mentions it` }, `@${bot.name}`);
    button.addEventListener("click", () => {
      const rest = $("text").value.startsWith(`@${bot.name}`) ? $("text").value : `@${bot.name} ${$("text").value}`;
      $("text").value = rest;
      $("text").focus();
    });
    return button;
  }));
}

function showMessages(messages) {
  const log = $("messages");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const nodes = new Map();
  const added = messages.some((message) => !state.shown.has(message.id));
  for (const message of messages) nodes.set(message.id, shown(message));
  for (const message of messages.filter((one) => one.parent && nodes.has(one.parent))) {
    place(nodes.get(message.parent).node.querySelector(".thread"), nodes.get(message.id).node);
  }
  const roots = messages.filter((one) => !one.parent || !nodes.has(one.parent)).map((one) => nodes.get(one.id).node);
  for (const [id, { node }] of state.shown) if (nodes.get(id)?.node !== node) node.remove();
  log.querySelector(":scope > .empty")?.remove();
  for (const node of roots) place(log, node);
  if (!roots.length && state.space) log.append(make("p", { className: "empty" }, "No messages yet."));
  state.shown = nodes;
  if (added && atEnd) log.scrollTop = log.scrollHeight;
}

// Moves a node only if necessary, as moving it would lose the focus and what is filled in.
function place(parent, node) {
  if (node.parentNode !== parent) parent.append(node);
}

function shown(message) {
  const key = JSON.stringify(message);
  const before = state.shown.get(message.id);
  if (before?.key === key) return before;
  const node = messageNode(message, {
    reply: ({ id, parent, person }) => reply({ id: parent ?? id, name: person.name }),
    submit: ({ id }, inputs) => ask("actions", { person: state.me, message: id, inputs }),
  });
  if (before) {
    node.querySelector(".thread").append(...before.node.querySelector(".thread").childNodes);
    before.node.replaceWith(node);
  }
  return { key, node };
}

// -- what the user does

function switchTo(space) {
  state.space = space;
  state.shown = new Map();
  $("messages").replaceChildren();
  reply(null);
}

function choose(space) {
  switchTo(space);
  document.body.dataset.view = "conversation";
  refresh();
  if (matchMedia("(hover: hover)").matches) $("text").focus();
}

function reply(message) {
  state.replyTo = message;
  $("reply").hidden = !message;
  $("reply").firstElementChild.textContent = message ? `Replying to ${message.name} in a thread` : "";
  if (message) $("text").focus();
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
  const text = $("text").value.trim();
  if (!text) return;
  try {
    await ask("messages", { person: state.me, room: state.space, text, parent: state.replyTo?.id });
    $("text").value = "";
    grow();
    problem("");
    $("messages").scrollTop = $("messages").scrollHeight;
  } catch (error) {
    problem(error.message);
  }
}

function otherChoice(person) {
  const box = make("input", { type: "checkbox", value: person.id });
  const who = make("span", { className: "who" }, make("strong", {}, person.name), make("small", {}, person.email));
  return make("label", { className: "choice" }, box, avatar(person.name, person.isBot), who);
}

async function openSpaceDialog() {
  if (!state.people.length) await refresh(); // the page has just been opened
  $("others").replaceChildren(...state.people.filter((one) => one.id !== state.me).map(otherChoice));
  $("space-title").value = "";
  $("space-dialog").returnValue = "";
  $("space-dialog").showModal();
}

async function createSpace() {
  if ($("space-dialog").returnValue !== "create") return;
  const others = [...$("others").querySelectorAll("input:checked")].map((box) => box.value);
  try {
    const space = await ask("spaces", { person: state.me, others, title: $("space-title").value });
    choose(space.id);
  } catch (error) {
    problem(error.message);
  }
}

async function createPerson() {
  if ($("person-dialog").returnValue !== "create") return;
  const person = await ask("people", { name: $("person-name").value });
  become(person.id);
}

function become(person) {
  state.me = person;
  switchTo("");
  document.body.dataset.view = "spaces";
  refresh();
}

function follow() {
  const changes = new EventSource("/chat/changes");
  changes.addEventListener("message", refresh);
  changes.addEventListener("open", () => { $("connection").textContent = ""; });
  changes.addEventListener("error", () => { $("connection").textContent = "The sandbox has stopped."; });
}

function listen() {
  $("me").addEventListener("change", () => become($("me").value));
  $("back").addEventListener("click", () => { document.body.dataset.view = "spaces"; });
  $("reply").querySelector("button").addEventListener("click", () => reply(null));
  $("new-space").addEventListener("click", openSpaceDialog);
  $("space-dialog").addEventListener("close", createSpace);
  $("add-person").addEventListener("click", () => {
    $("person-name").value = "";
    $("person-dialog").returnValue = "";
    $("person-dialog").showModal();
  });
  $("person-dialog").addEventListener("close", createPerson);
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); say(); });
  $("text").addEventListener("input", grow);
  $("text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    say();
  });
}

const chosen = new URLSearchParams(location.hash.slice(1));
state.me = chosen.get("person") ?? "";
state.space = chosen.get("space") ?? "";
if (state.space) document.body.dataset.view = "conversation";
listen();
follow();
