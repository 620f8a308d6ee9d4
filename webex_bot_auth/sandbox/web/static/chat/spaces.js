// The list of spaces, and who one is.

import { $, avatar, make } from "../common/dom.js";
import { roving } from "../common/roving.js";
import { peopleOf, persons, state } from "../common/state.js";

const SEEN = "seen-messages";
let chooseStop = () => {};
let openSpace = () => {};

export function startSpaces(open) {
  openSpace = open;
  chooseStop = roving($("spaces"), ".space");
}

export function showPeople() {
  const select = $("me");
  const key = JSON.stringify(persons().map((one) => [one.id, one.name]));
  if (select.dataset.key !== key) {
    select.replaceChildren(...persons().map((one) => make("option", { value: one.id }, one.name)));
    select.dataset.key = key;
  }
  select.value = state.me;
}

// Another person's spaces are about to be loaded; those that are shown cannot be chosen any more.
export function clearSpaces() {
  $("spaces").replaceChildren();
  delete $("spaces").dataset.key;
}

// Returns how many new messages there are in the spaces that are not open.
export function showSpaces() {
  noteSeen();
  const focused = document.activeElement?.dataset?.space;
  const key = JSON.stringify([state.space, state.spaces.map((space) => [space, newIn(space)])]);
  if ($("spaces").dataset.key !== key) {
    $("spaces").dataset.key = key;
    const nodes = state.spaces.map(spaceNode);
    $("spaces").replaceChildren(...(nodes.length ? nodes : [make("li", { className: "empty" }, "You are in no space yet.")]));
    chooseStop($("spaces").querySelector("[aria-current=true]"));
    if (focused) $("spaces").querySelector(`[data-space="${focused}"]`)?.focus();
  }
  return state.spaces.reduce((sum, space) => sum + newIn(space), 0);
}

function spaceNode(space) {
  const bot = space.isDirect && peopleOf(space).some((one) => one.isBot);
  const who = make("span", { className: "who" }, make("strong", { dir: "auto" }, space.title),
    make("small", { dir: "auto" }, space.preview || "No messages yet"));
  const node = make("button", { type: "button", className: "space", tabIndex: -1 }, avatar(space.title, bot), who);
  const count = newIn(space);
  if (count) node.append(make("span", { className: "unread", title: "New messages" }, String(count)));
  node.dataset.space = space.id;
  node.setAttribute("aria-current", String(space.id === state.space));
  node.addEventListener("click", () => openSpace(space.id));
  return make("li", {}, node);
}

// -- which messages were seen, for as long as the tab is open

const seen = () => JSON.parse(sessionStorage.getItem(SEEN) ?? "{}");

function newIn(space) {
  if (space.id === state.space) return 0;
  return Math.max(0, space.count - (seen()[state.me + space.id] ?? 0));
}

function noteSeen() {
  const space = state.spaces.find((one) => one.id === state.space);
  if (space) sessionStorage.setItem(SEEN, JSON.stringify({ ...seen(), [state.me + space.id]: space.count }));
}
