// A list of people to choose from, while a name is typed after "@".

import { $, avatar, make } from "../common/dom.js";
import { current, peopleOf, state } from "../common/state.js";

export const picked = new Set(); // ids of those who were chosen for the message that is being written
let found = [];
let active = 0;

export function startCompletion() {
  $("completion").addEventListener("mousedown", (event) => {
    const row = event.target.closest("[role=option]");
    event.preventDefault(); // the field keeps the focus
    if (row) choose(found[[...$("completion").children].indexOf(row)]);
  });
}

function typed() {
  const before = $("text").value.slice(0, $("text").selectionStart);
  return /(?:^|\s)@([\p{L}\p{N} .'-]{0,40})$/u.exec(before)?.[1];
}

export function showCompletion() {
  const start = typed();
  const space = current();
  found = start === undefined || !space || space.isDirect ? [] : peopleOf(space).filter((one) =>
    one.id !== state.me && begins(one.name.toLowerCase(), start.toLowerCase()) && one.name !== start)
    .sort((one, other) => other.isBot - one.isBot).slice(0, 8);
  active = 0;
  render();
}

// A name is found by any of its words: "Echo Bot" by "e" and by "b".
function begins(name, start) {
  return name.startsWith(start) || name.includes(` ${start}`);
}

export function closeCompletion() {
  found = [];
  render();
}

function render() {
  $("completion").hidden = !found.length;
  $("completion").replaceChildren(...found.map((one, index) => make("li",
    { role: "option", id: `completion-${index}`, "aria-selected": String(index === active) },
    avatar(one.name, one.isBot), make("span", { className: "who" }, make("strong", {}, one.name), make("small", {}, one.email)))));
  if (found.length) $("text").setAttribute("aria-activedescendant", `completion-${active}`);
  else $("text").removeAttribute("aria-activedescendant");
}

function choose(person) {
  const field = $("text");
  const end = field.selectionStart;
  const start = end - typed().length;
  field.setRangeText(`${person.name} `, start, end, "end");
  picked.add(person.id);
  closeCompletion();
}

// Returns true if a key was for the list.
export function completionKey(event) {
  if (!found.length) return false;
  if (event.key === "Escape") closeCompletion();
  else if (event.key === "Enter" || event.key === "Tab") choose(found[active]);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    active = (active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
    render();
  } else return false;
  event.preventDefault();
  return true;
}
