// The sandbox's clock, which goes forward on demand.

import { ask } from "../common/ask.js";
import { button, make } from "../common/dom.js";
import { attempt, problemNode } from "./rows.js";

const HOUR = 60 * 60;

export function start(panel) {
  const problem = problemNode();
  const now = make("p", { className: "clock-now", role: "status" });
  const ahead = make("p", { className: "muted" });
  const tokens = make("ul", { className: "plain" });
  const go = (fields) => attempt(problem, () => ask("/workbench/clock", fields));
  panel.append(now, ahead, make("div", { className: "bar" },
    button("On by an hour", () => go({ seconds: HOUR }), { className: "button" }),
    button("On by a day", () => go({ seconds: 24 * HOUR }), { className: "button" })),
  make("h3", {}, "To 30 seconds before a token expires"), tokens, problem);
  return () => attempt(problem, async () => {
    const clock = await ask("/workbench/clock");
    now.textContent = new Date(clock.now).toLocaleString();
    ahead.textContent = clock.ahead ? `${span(clock.ahead)} ahead of this machine. The clock of the bot does not change.`
      : "The time of this machine. Going forward ends tokens and codes early; the clock of the bot does not change.";
    const { logins } = await ask("/workbench/logins");
    const valid = logins.flatMap((login) => login.tokens.filter((one) => one.state === "valid").map((one) => ({ ...one, login })));
    tokens.replaceChildren(...valid.map((token) => make("li", { className: "bar" },
      button(`${token.login.person}, ${token.kind}`, () => go({ login: token.id }), { className: "button" }),
      make("span", { className: "muted" }, new Date(token.expires).toLocaleString()))));
    if (!valid.length) tokens.append(make("li", { className: "muted" }, "No token is valid: nobody has logged in."));
  });
}

function span(seconds) {
  const [days, hours] = [Math.floor(seconds / (24 * HOUR)), Math.round((seconds % (24 * HOUR)) / HOUR)];
  return [days && `${days} d`, hours && `${hours} h`, !days && !hours && `${Math.round(seconds / 60)} min`].filter(Boolean).join(" ");
}
