// Renders Webex's Markdown as DOM nodes: text nodes and a few known elements, never raw HTML.

const BLOCKQUOTE = /<blockquote(?:\s+class=["']?(\w+)["']?)?>([\s\S]*?)<\/blockquote>/i;
const INLINE = new RegExp([
  /`([^`]+)`/, // 1 code
  /\[([^\]]+)\]\(([^)\s]+)\)/, // 2, 3 link
  /(?:\*\*|__)(?=\S)([\s\S]+?)(?:\*\*|__)/, // 4 bold
  /(?<![\w*_])[*_](?=\S)([^*_\n]+?)[*_](?![\w*_])/, // 5 italic
  /<@person(?:Email|Id):([^|>]+)\|?([^>]*)>/, // 6, 7 mention
  /<(code|b|strong|i|em)>([\s\S]*?)<\/\8>/, // 8, 9 element
  /<a\s+href=["']([^"']+)["'][^>]*>([\s\S]*?)<\/a>/, // 10, 11 link
  /(<br\s*\/?>)/, // 12 line break
  /(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])/, // 13 address
].map((one) => one.source).join("|"), "gi");
const KINDS = { b: "strong", strong: "strong", i: "em", em: "em", code: "code" };

export function make(kind, properties = {}, ...children) {
  const element = Object.assign(document.createElement(kind), properties);
  element.append(...children);
  return element;
}

export function isWebAddress(address) {
  return /^(https?:|mailto:)/i.test(String(address).trim());
}

function link(address, ...children) {
  if (!isWebAddress(address)) return make("span", {}, ...children);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

export function inline(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, found.index), element(found));
    end = found.index + found[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

function element(found) {
  const [, code, label, address, bold, italic, whom, name, kind, inner, href, linked, , plain] = found;
  if (code) return make("code", {}, code);
  if (label) return link(address, ...inline(label));
  if (bold) return make("strong", {}, ...inline(bold));
  if (italic) return make("em", {}, ...inline(italic));
  if (whom) return make("span", { className: "mention" }, name || whom);
  if (kind) return make(KINDS[kind.toLowerCase()], {}, ...inline(inner));
  if (href) return link(href, ...inline(linked));
  if (plain) return link(plain, plain);
  return make("br");
}

function list(lines, kind, mark) {
  return make(kind, {}, ...lines.map((line) => make("li", {}, ...inline(line.replace(mark, "")))));
}

const BLOCKS = [
  [/^#{1,6}\s+/, (lines) => lines.map((line) => make("h3", {}, ...inline(line.replace(/^#+\s+/, ""))))],
  [/^\s*[-*+]\s+/, (lines, mark) => [list(lines, "ul", mark)]],
  [/^\s*\d+[.)]\s+/, (lines, mark) => [list(lines, "ol", mark)]],
  [/^>\s?/, (lines, mark) => [make("blockquote", {}, ...inline(lines.map((line) => line.replace(mark, "")).join("\n")))]],
];

function plainBlocks(text) {
  const nodes = [];
  for (const part of text.split(/\n\s*\n/)) {
    let run = { block: null, lines: [] };
    const flush = () => {
      const joined = run.lines.join("\n").trim();
      if (run.block) nodes.push(...run.block[1](run.lines, run.block[0]));
      else if (joined) nodes.push(make("p", {}, ...inline(joined)));
    };
    for (const line of part.split("\n")) {
      const block = BLOCKS.find(([mark]) => mark.test(line)) ?? null;
      if (run.block !== block && run.lines.length) {
        flush();
        run = { block, lines: [] };
      }
      run.block = block;
      run.lines.push(line);
    }
    flush();
  }
  return nodes;
}

export function markdown(text) {
  const fence = /```\w*\n?([\s\S]*?)```/.exec(text);
  const quote = BLOCKQUOTE.exec(text);
  const first = fence && (!quote || fence.index < quote.index) ? fence : quote;
  if (!first) return plainBlocks(text.replace(/<\/?p>/gi, "\n\n"));
  const block = first === fence
    ? make("pre", {}, make("code", {}, fence[1]))
    : make("blockquote", { className: (quote[1] ?? "").toLowerCase() }, ...markdown(quote[2]));
  const rest = text.slice(first.index + first[0].length);
  return [...plainBlocks(text.slice(0, first.index)), block, ...markdown(rest)];
}
