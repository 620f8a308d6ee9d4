// New messages that are out of sight: a line above the first, a button that goes there, and the count in the title.

import { $, make } from "../common/dom.js";

const NEAR = 80; // px from the end that count as the end
let unseen = [];
let elsewhere = 0; // new messages in other spaces
let title = "";
let framesToStay = 0;

export function isAtEnd() {
  const log = $("messages");
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
}

// Goes to the end, and stays there until the heights are known: messages out of sight have an estimated one.
export function toEnd() {
  framesToStay = 20;
  stay();
}

function stay() {
  if (!framesToStay) return;
  framesToStay -= 1;
  $("messages").scrollTop = $("messages").scrollHeight;
  requestAnimationFrame(stay);
}

// Starts to watch whether the end is in sight.
export function atEnd() {
  $("messages").addEventListener("scroll", () => { if (isAtEnd()) seen(); }, { passive: true });
  for (const kind of ["wheel", "keydown", "pointerdown", "touchstart"]) {
    $("messages").addEventListener(kind, () => { framesToStay = 0; }, { passive: true });
  }
  $("to-end").addEventListener("click", () => {
    seen();
    toEnd();
    $("text").focus();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && isAtEnd()) seen(); });
}

// Notes new messages; seenNow says that they are in sight, if the page is.
export function arrived(nodes, seenNow) {
  if (seenNow && !document.hidden) {
    seen();
    return;
  }
  if (nodes.length && !unseen.length) {
    document.querySelector(".new-mark")?.remove();
    nodes[0].before(make("p", { className: "new-mark", role: "separator" }, "New"));
  }
  unseen.push(...nodes);
  show();
}

function seen() {
  unseen = [];
  show();
}

function show() {
  const count = unseen.length;
  $("to-end").hidden = !count;
  $("to-end").textContent = count === 1 ? "1 new message ↓" : `${count} new messages ↓`;
  showTitle();
}

export function setTitle(text, countElsewhere) {
  title = text;
  elsewhere = countElsewhere;
  showTitle();
}

function showTitle() {
  const count = unseen.length + elsewhere;
  document.title = count ? `(${count}) ${title}` : title;
}
