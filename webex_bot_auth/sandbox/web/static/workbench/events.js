// What goes over the websocket of each bot, and whether it was acknowledged.

import { ask } from "../common/ask.js";
import { button, make } from "../common/dom.js";
import { attempt, cell, problemNode, rowList, textBlock, time } from "./rows.js";

export function start(panel) {
  const problem = problemNode();
  const bots = make("ul", { className: "plain", "aria-label": "Bots" });
  const list = rowList({
    label: "Events", empty: "No events yet. Each event for a bot appears here.", key: ({ id, device }) => id + device, cells,
    detail: (event, place) => detail(event, place, problem),
  });
  panel.append(problem, bots, list.node);
  return () => attempt(problem, async () => {
    const answer = await ask("/workbench/events");
    showBots(bots, answer.bots, problem);
    list.show(answer.events);
  });
}

function showBots(place, bots, problem) {
  const key = JSON.stringify(bots);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...bots.map((bot) => {
    const drop = button("Drop connection", () => attempt(problem, () => ask("/workbench/events/drop", { bot: bot.id })),
      { "aria-label": `Drop the connection of ${bot.name}`, disabled: !bot.online });
    const chip = cell(bot.online ? "connected" : "not connected", bot.online ? "chip good" : "chip bad");
    return make("li", { className: "bar" }, make("strong", {}, bot.name), chip, drop);
  }));
}

function cells(event) {
  const state = event.acknowledged ? ["acknowledged", "good"] : event.sent ? ["not acknowledged", "warn"] : ["waiting", "bad"];
  return [
    time(event.time), cell(event.verb, "method"), cell(`from ${event.actor} to ${event.bot}`, "path"),
    cell(state[0], `chip ${state[1]}`),
    ...(event.sent > 1 ? [cell(`sent ${event.sent} times`, "again")] : []),
  ];
}

function detail(event, place, problem) {
  const again = button("Deliver again", () => attempt(problem, () => ask("/workbench/events/again", { device: event.device, id: event.id })));
  place.append(make("div", { className: "bar" }, again), textBlock("Event", event.json));
}
