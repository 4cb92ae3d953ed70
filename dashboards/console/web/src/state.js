// What is being looked at lives in the address (so that it can be sent to a colleague); taste lives in local storage.

export const LISTS = ["site", "sensor", "zone", "severity"];
const COMMON = ["from", "to", ...LISTS];
const UNITS = { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8 };
const RELATIVE = /^now(?:-(\d{1,6})([smhdw]))?$/;

export const state = { facts: null };

export function stored(name, fallback) {
  try {
    return localStorage.getItem(`sekisho.${name}`) ?? fallback;
  } catch {
    return fallback;
  }
}

export function store(name, value) {
  try {
    localStorage.setItem(`sekisho.${name}`, value);
  } catch {
    // storage is switched off: the choice holds until the page is left
  }
}

export const params = () => new URLSearchParams(location.search);

function instant(text) {
  const found = RELATIVE.exec(text);
  if (found) return Date.now() - (found[1] ? Number(found[1]) * UNITS[found[2]] : 0);
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

/** The range of the address, or the one that the server found to hold data. */
export function range() {
  const asked = params();
  const [from, to] = [asked.get("from"), asked.get("to")];
  if (from && to) {
    const [a, b] = [instant(from), instant(to)];
    if (a < b) return { from: Math.floor(a), to: Math.floor(b), relative: from.startsWith("now") ? from : "", chosen: true };
  }
  const first = state.facts.range;
  if (first.why === "live") return { from: Date.now() - 6 * UNITS.h, to: Date.now(), relative: "now-6h", chosen: false };
  return { from: first.from_ms, to: first.to_ms, relative: "", chosen: false };
}

/** The common part of what the server is asked: the range in ms and the filters. */
export function commonQuery() {
  const { from, to } = range();
  const query = new URLSearchParams({ from, to });
  const asked = params();
  for (const name of LISTS) for (const value of asked.getAll(name)) query.append(name, value);
  return query;
}

/** An address within the console; range and filters go along unless the parameters replace them (null drops one). */
export function address(path, own = {}) {
  const asked = params();
  const query = new URLSearchParams();
  for (const name of COMMON) if (!(name in own)) for (const value of asked.getAll(name)) query.append(name, value);
  for (const [name, value] of Object.entries(own)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") query.append(name, one);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** The address of this page with some parameters replaced; its own parameters stay. */
export function here(changes) {
  const query = params();
  query.delete("lang");
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") query.append(name, one);
  }
  const text = query.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
}

let onGo = () => {};
export const whenGone = (callback) => { onGo = callback; };

/** Go to an address of the console. */
export function go(href, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"]({}, "", href);
  onGo({ moved: true });
}

/** Where a panel's link leads for one row. */
export function linkAddress(link, row) {
  const own = Object.fromEntries(Object.entries(link.parameters).map(([name, column]) => [name, row[column]]));
  if (link.page === "alert") return address(`/alert/${encodeURIComponent(own.run)}/${own.alert_id}`);
  return address(pagePath(link.page), own);
}

export const pagePath = (id) => (id === "overview" ? "/" : `/p/${id}`);
