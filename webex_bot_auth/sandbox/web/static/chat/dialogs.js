// The dialogs that make a space and add a person. Enter does what the dialog's main button says.

import { ask } from "../common/ask.js";
import { $, avatar, make } from "../common/dom.js";
import { refresh, state } from "../common/state.js";

// Opens nothing yet: prepares a dialog whose form is sent by send(), and closes once that has worked.
function prepare(dialog, send) {
  const problem = dialog.querySelector(".wrong");
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { problem.hidden = true; });
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await send();
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
}

function otherChoice(person) {
  const box = make("input", { type: "checkbox", value: person.id });
  const who = make("span", { className: "who" }, make("strong", {}, person.name), make("small", {}, person.email));
  return make("label", { className: "choice" }, box, avatar(person.name, person.isBot), who);
}

async function openSpaceDialog() {
  if (!state.people.size) await refresh(); // the page has just been opened
  $("others").replaceChildren(...[...state.people.values()].filter((one) => one.id !== state.me).map(otherChoice));
  $("space-title").value = "";
  $("space-dialog").showModal();
}

// handlers: open(space id), become(person id)
export function startDialogs(handlers) {
  prepare($("space-dialog"), async () => {
    const others = [...$("others").querySelectorAll("input:checked")].map((box) => box.value);
    const space = await ask("/chat/spaces", { person: state.me, others, title: $("space-title").value });
    handlers.open(space.id);
  });
  prepare($("person-dialog"), async () => {
    const person = await ask("/chat/people", { name: $("person-name").value });
    handlers.become(person.id);
  });
  $("new-space").addEventListener("click", openSpaceDialog);
  $("add-person").addEventListener("click", () => {
    $("person-name").value = "";
    $("person-dialog").showModal();
  });
}
