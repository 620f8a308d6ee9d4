// Opens and closes the workbench, whose code is loaded when it is opened for the first time.

import { $ } from "../common/dom.js";

let tab = "";
let loaded = null; // the module, once it was needed
let changed = () => {};

export const workbenchTab = () => tab;

export function startWorkbench(handlers) {
  changed = handlers.changed;
  for (const toggle of document.querySelectorAll("[data-workbench]")) {
    toggle.addEventListener("click", () => (tab ? close() : openWorkbench()));
  }
  $("workbench-close").addEventListener("click", close);
  $("workbench").addEventListener("keydown", (event) => {
    const isWriting = event.target.matches("textarea, input"); // what is being written is not thrown away
    if (event.key === "Escape" && !isWriting) close();
  });
}

// Opens a tab, and what in it is meant: such as the id of a message.
export async function openWorkbench(name = "calls", what = "") {
  await showWorkbench(name, what);
  changed();
  loaded?.focusTab();
}

// Shows a tab, or with an empty name no workbench at all.
export async function showWorkbench(name, what = "") {
  tab = name;
  document.body.classList.toggle("with-workbench", Boolean(tab));
  $("workbench").hidden = !tab;
  for (const toggle of document.querySelectorAll("[data-workbench]")) toggle.setAttribute("aria-expanded", String(Boolean(tab)));
  if (tab) loaded ??= await import("../workbench/tabs.js");
  loaded?.show(tab, what, openWorkbench);
}

export const spaceLoaded = () => loaded?.spaceLoaded();

function close() {
  showWorkbench("");
  changed();
  const toggle = [...document.querySelectorAll("[data-workbench]")].find((one) => one.checkVisibility());
  toggle?.focus();
}
