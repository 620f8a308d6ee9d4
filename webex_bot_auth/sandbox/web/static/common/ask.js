// Requests to the sandbox.

export const query = (fields) => new URLSearchParams(fields).toString();

export class Unreachable extends Error {} // the sandbox has stopped

// Returns the JSON of an answer; with a body, the request is a POST. Raises what people can read.
export async function ask(path, body) {
  const options = body ? {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  } : {};
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Unreachable("The sandbox has stopped, so this did not arrive.");
  }
  const result = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(result.message ?? "The sandbox did not answer.");
  return result;
}
