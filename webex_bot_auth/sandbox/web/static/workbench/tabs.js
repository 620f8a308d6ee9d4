// The tabs of the workbench, in their order: one is shown at a time, loaded when it is opened, kept up to date.

import { $, make } from "../common/dom.js";
import { offChange, onChange } from "../common/live.js";
import { roving } from "../common/roving.js";

// Each module has start(panel, what, open), which shows the tab and returns a function that shows it as it is now.
const TABS = {
  calls: ["Calls", () => import("./calls.js")],
  events: ["Events", () => import("./events.js")],
  errors: ["Errors", () => import("./errors.js")],
  messages: ["Messages", () => import("./messages.js")],
  logins: ["Logins", () => import("./logins.js")],
  clock: ["Clock", () => import("./clock.js")],
  faults: ["Faults", () => import("./faults.js")],
  transcript: ["Transcript", () => import("./transcript.js")],
};
const LIVE = new Set(["calls", "events", "errors", "logins", "clock", "faults"]);
const OF_SPACE = new Set(["transcript"]); // these show the chosen space
const PAUSE = 100; // ms between two updates of a tab

let shown = "";
let open = () => {};
let showSpace = () => {};
let chooseTab = () => {};

export function focusTab() {
  $("workbench-tabs").querySelector("[aria-selected=true]")?.focus();
}

// The chosen space was loaded.
export const spaceLoaded = () => showSpace();

// Shows a tab; an empty name ends the updates of the one that was shown.
export async function show(name, what, openTab) {
  open = openTab;
  const tab = name && (TABS[name] ? name : "calls");
  if (tab === shown && !what) return;
  if (shown) offChange(shown);
  shown = tab;
  showSpace = () => {};
  if (!tab) return;
  showTabs();
  const module = await TABS[tab][1]();
  if (shown !== tab) return; // another one was opened meanwhile
  $("workbench-panel").replaceChildren();
  const refresh = paced(module.start($("workbench-panel"), what, open));
  if (LIVE.has(tab)) onChange(tab, refresh);
  if (OF_SPACE.has(tab)) showSpace = refresh;
  refresh();
}

function showTabs() {
  const bar = $("workbench-tabs");
  if (!bar.children.length) {
    bar.append(...Object.entries(TABS).map(([name, [label]]) => tabNode(name, label)));
    chooseTab = roving(bar, "[role=tab]");
  }
  for (const node of bar.children) node.setAttribute("aria-selected", String(node.dataset.tab === shown));
  $("workbench-panel").setAttribute("aria-label", TABS[shown][0]);
  chooseTab(bar.querySelector("[aria-selected=true]"));
}

function tabNode(name, label) {
  const node = make("button", { type: "button", className: "tab", role: "tab", tabIndex: -1, "aria-controls": "workbench-panel" }, label);
  node.dataset.tab = name;
  node.addEventListener("click", () => open(name));
  return node;
}

// Never twice at the same time, and not more often than one can see.
function paced(refresh) {
  let running = false;
  let again = false;
  return async function run() {
    again = running;
    if (running) return;
    running = true;
    await refresh();
    await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    running = false;
    if (again) run();
  };
}
