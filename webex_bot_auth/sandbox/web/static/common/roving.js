// Makes many controls one Tab stop: arrow keys, Home and End move among them.

// container holds the controls that match selector, which are made with tabIndex -1. Left and right (up and down
// without groups) go to the next control; with groups, up and down go to the next group's first.
// Returns a function to call after controls were added or removed; it may be given the one that Tab is to reach.
export function roving(container, selector, { group = "" } = {}) {
  let chosen = null;
  const choose = (control) => {
    if (chosen) chosen.tabIndex = -1;
    chosen = control ?? null;
    if (chosen) chosen.tabIndex = 0;
  };
  container.addEventListener("focusin", (event) => {
    const control = event.target.closest(selector);
    if (control) choose(control);
  });
  container.addEventListener("keydown", (event) => {
    const control = event.target.closest(selector);
    const to = control && target(event.key, control, [...container.querySelectorAll(selector)], group);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  return (preferred) => {
    if (chosen?.isConnected && chosen === document.activeElement) return;
    choose(preferred ?? (chosen?.isConnected ? chosen : container.querySelector(selector)));
  };
}

function target(key, control, all, group) {
  const now = all.indexOf(control);
  const isVertical = key === "ArrowUp" || key === "ArrowDown";
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[key];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (!step) return null;
  if (!group || !isVertical) return all[now + step];
  let other = now + step;
  while (all[other] && all[other].closest(group) === control.closest(group)) other += step;
  if (!all[other]) return null;
  const found = all[other].closest(group);
  return all.find((one) => one.closest(group) === found);
}
