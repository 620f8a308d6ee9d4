// Groups messages: one date for the messages of a day, one head for several of the same author in a row.

import { make } from "../common/dom.js";

const GAP = 5 * 60 * 1000; // ms after which a message gets its head again

// Sets the date and the head of a message outside threads, by what stands before it.
export function group(node) {
  const before = previous(node);
  const day = dayOf(node);
  const isNewDay = !before || dayOf(before) !== day;
  const date = node.previousElementSibling?.matches(".day") ? node.previousElementSibling : null;
  if (isNewDay && !date) node.before(dateNode(node));
  else if (!isNewDay) date?.remove();
  const follows = !isNewDay && before.message_.person === node.message_.person && !before.querySelector(".thread .message")
    && new Date(node.message_.created) - new Date(before.message_.created) < GAP;
  node.classList.toggle("follows", follows);
}

export function next(node) {
  let other = node?.nextElementSibling;
  while (other && !other.matches(".message")) other = other.nextElementSibling;
  return other;
}

function previous(node) {
  let other = node.previousElementSibling;
  while (other && !other.matches(".message")) other = other.previousElementSibling;
  return other;
}

function dayOf(node) {
  return new Date(node.message_.created).toDateString();
}

function dateNode(node) {
  const day = new Date(node.message_.created);
  return make("h3", { className: "day" }, make("time", { dateTime: day.toISOString() }, name(day)));
}

function name(day) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return day.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
