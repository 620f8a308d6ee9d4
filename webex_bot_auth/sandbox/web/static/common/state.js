// What the page shows, and how it is kept up to date: only what has changed is fetched.

import { ask, query, Unreachable } from "./ask.js";

export const state = {
  run: "", version: 0, people: new Map(), spaces: [], me: "", space: "", tags: {}, handlers: {},
};

export const me = () => state.people.get(state.me);
export const current = () => state.spaces.find((one) => one.id === state.space);
export const persons = () => [...state.people.values()].filter((one) => !one.isBot);
export const peopleOf = (space) => (space?.people ?? []).map((id) => state.people.get(id)).filter(Boolean);

let running = null;
let again = false;

// Loads what has changed; never twice at the same time, so a change meanwhile leads to another load afterwards.
export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = load().catch((error) => {
    if (!(error instanceof Unreachable)) state.handlers.failed(error); // live.js tells of a sandbox that has stopped
  }).finally(() => {
    running = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return running;
}

// Shows another space, or another person's spaces; what belongs to the last one is forgotten.
export function switchTo(person, space) {
  Object.assign(state, { me: person, space, version: 0 });
  state.handlers.switched();
}

async function load() {
  const { me: person, space, run, version } = state;
  const answer = await ask(`/chat/state?${query({ person, room: space, run, since: version, ...state.tags })}`);
  if (person !== state.me || space !== state.space) { // another person or space was chosen meanwhile
    again = true;
    return;
  }
  if (answer.person !== person || answer.room !== space || answer.run !== run) switchTo(answer.person, answer.room);
  if (answer.people) state.people = new Map(answer.people.map((one) => [one.id, one]));
  if (answer.spaces) state.spaces = answer.spaces;
  Object.assign(state, { run: answer.run, version: answer.version, tags: answer.tags });
  state.handlers.loaded(answer);
}
