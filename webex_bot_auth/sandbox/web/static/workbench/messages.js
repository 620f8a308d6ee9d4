// The JSON of messages, and cards to try out: what is edited is rendered at once, and sent as the bot on demand.

import { ask } from "../common/ask.js";
import { renderCard } from "../cards/card.js";
import { button, make } from "../common/dom.js";
import { current, peopleOf } from "../common/state.js";
import { attempt, problemNode, textBlock } from "./rows.js";

const SAMPLE = {
  type: "AdaptiveCard",
  version: "1.3",
  body: [{ type: "TextBlock", text: "A card to try out", weight: "Bolder" }, { type: "Input.Text", id: "answer", placeholder: "Your answer" }],
  actions: [{ type: "Action.Submit", title: "Send", data: { callback_keyword: "try" } }],
};

let draft = JSON.stringify(SAMPLE, null, 2); // what is being edited, also while another tab is open

export function start(panel, what) {
  const problem = problemNode();
  panel.append(problem);
  return () => attempt(problem, async () => {
    const message = what ? await ask(`/workbench/messages/${encodeURIComponent(what)}`) : null;
    const shown = message ? textBlock("The message in the REST API", message.json)
      : make("p", { className: "empty" }, "Press JSON at a message in the chat to see it here as the REST API returns it.");
    if (message?.card) draft = message.card;
    panel.replaceChildren(problem, shown, editor());
  });
}

function editor() {
  const problem = problemNode();
  const preview = make("div", { className: "preview", "aria-label": "How the card looks", role: "region" });
  const area = make("textarea", { className: "input code-area", value: draft, spellcheck: false, rows: 16, id: "card-json" });
  const bots = make("select", { className: "input", "aria-label": "Bot" },
    ...peopleOf(current()).filter((one) => one.isBot).map((one) => make("option", { value: one.id }, one.name)));
  const render = () => attempt(problem, () => {
    const card = parsed(area.value);
    preview.replaceChildren(renderCard(card, async () => { throw new Error("Only a card that was sent can be submitted."); }));
    return card;
  });
  const send = button("Send as the bot", async () => {
    const card = await render();
    if (card) await attempt(problem, () => ask("/workbench/messages", { bot: bots.value, room: current()?.id, card }));
  }, { className: "button primary", disabled: !bots.options.length });
  area.addEventListener("input", () => { draft = area.value; render(); });
  render();
  return make("section", { className: "editor" },
    make("h3", {}, make("label", { htmlFor: "card-json" }, "Try a card")), area, problem, preview, make("div", { className: "bar" }, bots, send));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${error.message}`);
  }
}
