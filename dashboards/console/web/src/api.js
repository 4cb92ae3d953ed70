// Requests to the server this page came from, and to nothing else.
import { state } from "./state.js";

export class Refused extends Error {
  constructor(status, told) {
    super(told.what);
    this.status = status;
    this.told = told;
  }
}

async function answer(path, options, begun) {
  let response;
  try {
    response = await (begun ?? fetch(path, { credentials: "same-origin", redirect: "error", ...options }));
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { code: "gone", what: "", where: "", expected: "", remedy: "" });
  }
  const body = await response.json().catch(() => null);
  if (response.status === 401) location.assign("/login");
  if (!response.ok || body === null) {
    throw new Refused(response.status, body?.error ?? { code: "internal", what: `HTTP ${response.status}`, where: "", expected: "", remedy: "" });
  }
  return body;
}

// the store answers one question at a time: asking for everything at once would only make the first answer late
const MOST = 3;
let running = 0;
const waiting = [];

export async function get(path, signal) {
  if (running >= MOST) await new Promise((resume) => waiting.push(resume));
  running += 1;
  try {
    signal?.throwIfAborted();
    return await answer(path, { signal });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** The facts, for which boot.js has asked already. */
export const firstFacts = () => answer("/api/facts", {}, window.sekishoFacts);

export const post = (path, body) => answer(path, {
  method: "POST",
  headers: { "content-type": "application/json", "x-sekisho-csrf": state.facts?.csrf ?? "" },
  body: JSON.stringify(body),
});
