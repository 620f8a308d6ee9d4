export function show() {}
export function focusTab() {}
