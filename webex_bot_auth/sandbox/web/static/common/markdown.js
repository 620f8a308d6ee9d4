// Renders Webex's Markdown and HTML as DOM nodes, from a list of allowed elements.
//
// markdown-it leaves HTML in the text as it is, because Webex takes some; what it returns is parsed in a document
// that runs and loads nothing, and only allowed elements are copied from there.

import "../vendor/markdown-it.min.js";
import { isWebAddress, make } from "./dom.js";

const parser = globalThis.markdownit({ html: true, breaks: true, linkify: true });
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
const MENTION = /<@person(?:Email|Id):([^|>]+)\|?([^>]*)>/gi;
const MARKED = /[*_`[\]<>&\\~]|:\/\//;
const ALLOWED = new Set(
  "p br hr b strong i em s del code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td".split(" "));
const DROPPED = new Set("script style template iframe object embed svg math title".split(" "));

export function markdown(text) {
  return nodes(parser.render(withMentions(text)));
}

// Without blocks, for the texts of cards.
export function inline(text) {
  if (!MARKED.test(text)) return [text]; // most texts of cards: parsing a thousand of them takes a second
  return nodes(parser.renderInline(withMentions(text)));
}

function withMentions(text) {
  return text.replace(MENTION, (_, whom, name) => `<spark-mention>${name || whom}</spark-mention>`);
}

function nodes(html) {
  return copies(new DOMParser().parseFromString(withoutStylesAndHandlers(html), "text/html").body);
}

// The page's policy refuses them, and a browser reports each, even in a document that is never shown.
function withoutStylesAndHandlers(html) {
  return html.replace(/<[^>]+>/g, (tag) =>
    tag.replace(/^<style\b/i, "<template").replace(/[\s/"'](style|on\w+)\s*=/gi, " data-$1="));
}

function copies(parent) {
  return [...parent.childNodes].flatMap(copyOf);
}

function copyOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return [node.data];
  const kind = node.localName;
  if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(kind)) return [];
  if (kind === "a") return [link(node.getAttribute("href") ?? "", copies(node))];
  if (kind === "img") return [link(node.getAttribute("src") ?? "", [node.alt || node.getAttribute("src") || "image"])];
  if (kind === "spark-mention") return [make("span", { className: "mention" }, ...copies(node))];
  if (!ALLOWED.has(kind)) return copies(node);
  return [framed(withAttributes(make(kind, {}, ...copies(node)), node))];
}

function withAttributes(copy, node) {
  if (node.localName === "blockquote") copy.className = node.className.replace(/[^\w ]/g, "").toLowerCase();
  if (node.localName === "ol" && node.start !== 1) copy.start = node.start;
  const align = /text-align:\s*(center|right)/.exec(node.dataset.style ?? "");
  if (align) copy.classList.add(`align-${align[1]}`);
  return copy;
}

// A wide table scrolls, not the page.
function framed(node) {
  if (node.localName !== "table") return node;
  return make("div", { className: "table", role: "region", "aria-label": "Table", tabIndex: 0 }, node);
}

function link(address, children) {
  if (!isWebAddress(address)) return make("span", {}, ...children);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
