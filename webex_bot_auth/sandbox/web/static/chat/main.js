// The chat page: puts its parts together, and keeps what is chosen in the address.

import { ask, query } from "../common/ask.js";
import { attach } from "../composer/attachment.js";
import { reply, showComposer, showWelcome, startComposer } from "../composer/composer.js";
import { startDialogs } from "./dialogs.js";
import { $ } from "../common/dom.js";
import { onChange, startLive } from "../common/live.js";
import { clearMessages, showMessages, startMessages } from "../messages/messages.js";
import { clearSpaces, showPeople, showSpaces, startSpaces } from "./spaces.js";
import { current, peopleOf, refresh, state, switchTo } from "../common/state.js";
import { setTitle } from "../messages/unseen.js";
import { openWorkbench, showWorkbench, spaceLoaded, startWorkbench, workbenchTab } from "./workbench_toggle.js";

// -- what is chosen, in the address: the browser's Back goes to what was chosen before

function address() {
  const fields = { person: state.me, space: state.space, view: document.body.dataset.view, workbench: workbenchTab() };
  return `#${query(Object.fromEntries(Object.entries(fields).filter(([, value]) => value)))}`;
}

const remember = () => { if (location.hash !== address()) history.pushState(null, "", address()); };
const correct = () => history.replaceState(null, "", address());

function fromAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  if (fields.get("person") !== state.me || fields.get("space") !== state.space) {
    switchTo(fields.get("person") ?? "", fields.get("space") ?? "");
    refresh();
  }
  view(fields.get("view") ?? (fields.get("space") ? "conversation" : "spaces"));
  showWorkbench(fields.get("workbench") ?? "");
}

// On a phone, one of: spaces, conversation.
function view(name) {
  document.body.dataset.view = name;
}

function choose(space) {
  if (space !== state.space) switchTo(state.me, space);
  view("conversation");
  remember();
  refresh();
  write();
}

// The cursor goes to the message box, but not on phones, where that would open the keyboard.
function write() {
  if (!matchMedia("(pointer: coarse)").matches) $("text").focus();
}

function become(person) {
  switchTo(person, "");
  clearSpaces();
  view("spaces");
  remember();
  refresh();
}

// -- showing what was loaded

let isOpening = true; // until a space is shown for the first time

function loaded(answer) {
  showPeople();
  showHead();
  showMarks(answer);
  showComposer();
  showWelcome();
  showMessages(answer);
  setTitle(current() ? `${current().title} - Webex sandbox` : "Webex sandbox", showSpaces());
  correct();
  spaceLoaded();
  if (isOpening && current() && document.activeElement === document.body) write();
  isOpening = isOpening && !current();
}

function showHead() {
  const space = current();
  const others = peopleOf(space).filter((one) => one.id !== state.me);
  $("title").textContent = space?.title ?? "Webex sandbox";
  $("members").textContent = (space?.isDirect ? others.map((one) => one.email) : peopleOf(space).map((one) => one.name)).join(", ");
  const absent = others.filter((one) => one.isBot && !one.online).map((one) => one.name);
  $("notice").hidden = !absent.length;
  $("notice").textContent = absent.length ? `${absent.join(", ")} is not connected. Start it to get answers.` : "";
}

// What should not be overlooked: errors of bots, in whatever space, and faults that are switched on.
function showMarks({ errors, faults }) {
  $("bot-errors").hidden = !errors;
  $("bot-errors").textContent = errors === 1 ? "1 error" : `${errors} errors`;
  $("active-faults").hidden = !faults;
  $("active-faults").textContent = faults === 1 ? "1 fault is on" : `${faults} faults are on`;
}

function failed(error) {
  $("problem").hidden = false;
  $("problem").textContent = error.message;
}

function switched() {
  clearMessages();
  reply(null);
  attach(null);
  $("problem").hidden = true;
}

Object.assign(state.handlers, { loaded, failed, switched });
startLive();
startSpaces(choose);
startComposer();
startDialogs({ open: choose, become });
startMessages({
  reply: ({ id, parent, person }) => reply({ id: parent ?? id, name: state.people.get(person)?.name }),
  submit: ({ id }, inputs) => ask("/chat/actions", { person: state.me, message: id, inputs }),
  json: ({ id }) => openWorkbench("messages", id),
  errors: () => openWorkbench("errors"),
});
startWorkbench({ changed: remember });
$("me").addEventListener("change", () => become($("me").value));
$("back").addEventListener("click", () => { view("spaces"); remember(); });
$("bot-errors").addEventListener("click", () => openWorkbench("errors"));
$("active-faults").addEventListener("click", () => openWorkbench("faults"));
addEventListener("popstate", fromAddress);
fromAddress();
onChange("chat", refresh);
