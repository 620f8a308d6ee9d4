// The stream of changes: one for the whole page, as browsers allow six connections to a server in all.

import { query } from "./ask.js";
import { $ } from "./dom.js";

const RETRY = 2000; // ms until the next try where the browser has given up
const listeners = new Map(); // by kind of change
let source = null;
let known = {};
let run = "";

// Calls listener() after each change of a kind, and once now.
export function onChange(kind, listener) {
  listeners.set(kind, listener);
  delete known[kind];
  open();
}

export function offChange(kind) {
  if (listeners.delete(kind)) open();
}

function open() {
  source?.close();
  source = new EventSource(`/chat/changes?${query({ kinds: [...listeners.keys()].join() })}`);
  source.addEventListener("message", ({ data }) => received(JSON.parse(data)));
  source.addEventListener("error", lost);
}

function received(news) {
  if (run && run !== news.run) known = {};
  announce(run && run !== news.run ? "This sandbox was started again: its people, spaces and messages are new." : "", news.run);
  for (const [kind, number] of Object.entries(news.latest)) {
    const isNew = known[kind] !== number;
    known[kind] = number;
    if (isNew) listeners.get(kind)?.();
  }
}

function announce(text, newRun) {
  const stopped = document.body.classList.contains("stopped");
  document.body.classList.remove("stopped");
  if (stopped || text) show(text);
  run = newRun;
}

function lost() {
  known = {}; // a load may have failed meanwhile
  document.body.classList.add("stopped");
  show("The sandbox has stopped. Start it again, and this page goes on.");
  if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY);
}

function show(text) {
  $("connection").hidden = !text;
  $("connection-text").textContent = text;
}

export function startLive() {
  $("connection-close").addEventListener("click", () => show(""));
}
