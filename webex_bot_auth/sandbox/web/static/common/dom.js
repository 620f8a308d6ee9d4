// Making and finding DOM nodes; text goes in as text, never as HTML.

export const $ = (id) => document.getElementById(id);

// Properties whose names have a hyphen, and "role", are set as attributes.
export function make(kind, properties = {}, ...children) {
  const node = document.createElement(kind);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "role" || name.includes("-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

export function button(label, onClick, properties = {}) {
  const node = make("button", { type: "button", className: "button quiet", ...properties }, label);
  node.addEventListener("click", onClick);
  return node;
}

export function isWebAddress(address) {
  return /^(https?:|mailto:)/i.test(String(address).trim());
}

function initials(text) {
  return text.split(/\s+/).slice(0, 2).map((word) => word.charAt(0)).join("").toUpperCase();
}

export function avatar(title, isBot) {
  return make("span", { className: isBot ? "avatar bot" : "avatar", "aria-hidden": "true" }, initials(title));
}

export async function copy(text, node) {
  const label = node.textContent;
  await navigator.clipboard.writeText(text);
  node.textContent = "Copied";
  setTimeout(() => { node.textContent = label; }, 1500);
}
