// The file that goes with the message that is being written: chosen, pasted or dropped.

import { $ } from "../common/dom.js";

let chosen = null;

export function startAttachment() {
  $("attach").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => attach($("file").files[0]));
  $("attached").querySelector("button").addEventListener("click", () => { attach(null); $("text").focus(); });
  $("text").addEventListener("paste", (event) => take(event, event.clipboardData));
  $("composer").addEventListener("dragover", (event) => event.preventDefault());
  $("composer").addEventListener("drop", (event) => take(event, event.dataTransfer));
}

function take(event, data) {
  if (!data?.files.length) return;
  event.preventDefault();
  attach(data.files[0]);
}

export function attach(file) {
  chosen = file ?? null;
  $("file").value = "";
  $("attached").hidden = !chosen;
  $("attached").firstElementChild.textContent = chosen?.name ?? "";
  if (chosen) $("text").focus();
}

// Returns what is sent of it; null without a file.
export async function attachment() {
  if (!chosen) return null;
  const { name, type } = chosen;
  const address = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new Error(`${name} cannot be read.`)));
    reader.readAsDataURL(chosen);
  });
  return { name, type, data: address.slice(address.indexOf(",") + 1) };
}
