// The alert queue: what waits, filtered, selected, and dealt with, one by one or several at once.
import { get, post } from "./api.js";
import { fill, h } from "./dom.js";
import { endpoint, parsed, protocol, quantity, time } from "./format.js";
import * as marks from "./marks.js";
import { loading, nothing, say, trouble } from "./notices.js";
import { address, commonQuery, go, here, params, store, stored } from "./state.js";
import { lang, t, zoneName } from "./words.js";

const OWN = ["status", "detector", "signature_id", "ip", "src_zone", "dst_zone", "run", "text"];
const ROWS = 100;
const STATUSES = ["open", "acknowledged", "in_progress", "closed", "false_positive"];

export const alertAddress = (row) => address(`/alert/${encodeURIComponent(row.run_id)}/${row.alert_id}`);

function query(extra = {}) {
  const wanted = commonQuery();
  const asked = params();
  for (const name of OWN) if (asked.get(name)) wanted.set(name, asked.get(name));
  for (const [name, value] of Object.entries(extra)) wanted.set(name, value);
  return wanted;
}

/** The queue; extra are conditions beyond those of the address. */
export function queueView({ extra = {}, changed = () => {}, title = t("queue") } = {}) {
  const body = h("div", { class: "queue-body" });
  const count = h("span", { class: "faint" });
  const view = { extra, changed, body, count, chosen: new Set(), rows: [], signal: null };
  const files = ["csv", "json"].map((format) => h("a", { class: "button", href: `/api/alerts?${query({ ...extra, format })}`, download: `alerts.${format}` }, t(`export_${format}`)));
  const element = h("section", { class: "panel wide queue", "aria-labelledby": "queue-title" },
    h("header", { class: "panel-head" }, h("h2", { id: "queue-title" }, title, " ", count), h("div", { class: "panel-tools" }, files)),
    extra.ip ? null : conditions(), body);
  fill(body, loading());
  return { element, load: (signal) => load(view, signal), dispose() {} };
}

function conditions() {
  const asked = params();
  const chosen = (asked.get("status") ?? "").split(",");
  const statuses = [["", t("all")], ...STATUSES.map((code) => [code, t(code)])];
  const form = h("form", { class: "conditions", role: "search", "aria-label": t("queue"), onsubmit: (event) => {
    event.preventDefault();
    go(here({ text: form.elements.text.value.trim(), offset: null }));
  } },
  h("div", { class: "segments", role: "group", "aria-label": t("status") }, statuses.map(([code, name]) => {
    const on = code === "" ? chosen[0] === "" : chosen.includes(code);
    return h("a", { class: ["segment", on && "on"], "aria-current": on ? "true" : null, href: here({ status: code, offset: null }) }, code ? marks.status(code) : name);
  })),
  h("input", { type: "search", name: "text", value: asked.get("text") ?? "", placeholder: `${t("finding")}・${t("why")}`, "aria-label": t("text"), maxlength: 200 }),
  h("button", { type: "submit" }, t("find")),
  OWN.filter((name) => asked.get(name) && name !== "status" && name !== "text").map((name) =>
    h("a", { class: "chip", href: here({ [name]: null, offset: null }), "aria-label": `${t("clear")}: ${t(name)} ${asked.get(name)}` }, `${t(name)}: ${asked.get(name)} ✕`)));
  return form;
}

async function load(view, signal) {
  view.signal = signal;
  const offset = Number(params().get("offset") ?? 0) || 0;
  try {
    const data = await get(`/api/alerts?${query({ ...view.extra, limit: ROWS, offset })}`, signal);
    if (signal.aborted) return;
    view.rows = data.rows.map((row) => Object.fromEntries(data.columns.map((name, i) => [name, row[i]])));
    view.chosen.clear();
    const matching = view.rows[0]?.matching ?? 0;
    view.count.textContent = matching ? `${view.rows.length} ${t("shown_of")} ${quantity(matching, "count")}` : "";
    draw(view, offset, matching);
  } catch (error) {
    if (error.name !== "AbortError") fill(view.body, trouble(error, () => load(view, signal)));
  }
}

function draw(view, offset, matching) {
  if (!view.rows.length) {
    fill(view.body, nothing());
    return;
  }
  const bulk = bulkBar(view);
  const all = h("input", { type: "checkbox", "aria-label": t("select_all"), onchange: () => choose(view, view.rows, all.checked, bulk) });
  const heads = ["severity", "status", "time", "finding", "between", "zones", "outcome"];
  const body = h("tbody", { onkeydown: walk }, view.rows.map((row) => line(view, row, bulk)));
  fill(view.body, bulk.element, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("queue") }, h("table", { class: "queue-table" },
    h("thead", {}, h("tr", {}, h("td", { class: "check" }, all), heads.map((name) => h("th", { scope: "col" }, t(name))), h("th", { scope: "col", class: "number" }, t("events")))), body)),
  pager(offset, matching));
}

function line(view, row, bulk) {
  const japanese = lang() === "ja";
  const name = (japanese && row.signature_ja) || row.signature;
  const check = h("input", { type: "checkbox", "aria-label": `${t("select")}: ${name}`, "data-id": row.alert_id, onchange: () => choose(view, [row], check.checked, bulk) });
  const host = (side) => (row[`${side}_ip`] === "::" || (side === "dst" && ![0, 128].includes(row.dst_prefix_bits)) ? endpoint(row, side)
    : h("a", { href: address("/p/host", { ip: row[`${side}_ip`] }) }, endpoint(row, side)));
  return h("tr", { class: `row-${row.severity}` },
    h("td", { class: "check" }, check), h("td", {}, marks.severity(row.severity)), h("td", {}, marks.status(row.status), row.comments ? h("span", { class: "faint", title: t("comment") }, ` ✎${row.comments}`) : null),
    h("td", { class: "nowrap" }, time(parsed(row.start_ns))),
    h("td", { class: "finding" }, h("a", { class: "strong", href: alertAddress(row) }, name), h("span", { class: "why", title: (japanese && row.why_ja) || row.why }, (japanese && row.why_ja) || row.why)),
    h("td", {}, h("div", { class: "nowrap" }, host("src")), h("div", { class: "nowrap" }, h("span", { class: "faint" }, "→ "), host("dst"), " ", h("span", { class: "faint" }, protocol(row.proto)))),
    h("td", {}, h("div", { class: "nowrap" }, row.src_zone ? zoneName(row.src_zone) : "–"), h("div", { class: "nowrap" }, h("span", { class: "faint" }, "→ "), row.dst_zone ? zoneName(row.dst_zone) : "–")), h("td", {}, marks.outcome(row.outcome)),
    h("td", { class: "number" }, quantity(row.events, "count")));
}

function choose(view, rows, on, bulk) {
  for (const row of rows) {
    if (on) view.chosen.add(row.alert_id);
    else view.chosen.delete(row.alert_id);
  }
  for (const box of view.body.querySelectorAll("input[data-id]")) box.checked = view.chosen.has(Number(box.dataset.id));
  bulk.show();
}

/** What can be done with the selected alerts. */
function bulkBar(view) {
  const label = h("span", {});
  const actor = actorInput();
  const error = h("span", { class: "trouble-text", role: "alert" });
  const buttons = ["acknowledged", "in_progress", "closed", "false_positive"].map((action) =>
    h("button", { type: "button", onclick: () => act(view, action, actor, error) }, t(`do_${action}`)));
  const element = h("div", { class: "bulk", hidden: true }, label, actor.element, buttons, error);
  return { element, show: () => {
    element.hidden = view.chosen.size === 0;
    label.textContent = `${view.chosen.size} ${t("selected")}`;
  } };
}

async function act(view, action, actor, error) {
  error.textContent = "";
  try {
    for (const row of view.rows.filter((one) => view.chosen.has(one.alert_id))) {
      await post(`/api/alert/${encodeURIComponent(row.run_id)}/${row.alert_id}/actions`, { action, actor: actor.value(), comment: "" });
    }
    say(t("saved"));
    view.changed();
  } catch (failure) {
    error.textContent = [failure.told?.what, failure.told?.remedy].filter(Boolean).join("; ") || String(failure);
    return;
  }
  await load(view, view.signal);
}

/** Who is at the keyboard; remembered in this browser. */
export function actorInput(fallback = "") {
  const input = h("input", { type: "text", name: "actor", value: stored("actor", fallback), maxlength: 64, autocomplete: "name", onchange: () => store("actor", input.value.trim()) });
  return { element: h("label", { class: "field" }, h("span", {}, t("actor")), input), value: () => input.value.trim() };
}

/** j and k, or the arrow keys, go from alert to alert. */
function walk(event) {
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.target.type === "text") return;
  const links = [...event.currentTarget.querySelectorAll("a.strong")];
  const at = links.indexOf(event.target.closest("tr")?.querySelector("a.strong"));
  links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  event.preventDefault();
}

export function pager(offset, matching, rows = ROWS) {
  if (matching <= rows && !offset) return null;
  const link = (to, word) => (to === null ? h("span", { class: "button off" }, t(word)) : h("a", { class: "button", href: here({ offset: to || null }) }, t(word)));
  return h("nav", { class: "pager", "aria-label": t("rows") }, link(offset > 0 ? Math.max(offset - rows, 0) : null, "previous"),
    h("span", {}, `${offset + 1}–${Math.min(offset + rows, matching)} / ${quantity(matching, "count")}`), link(offset + rows < matching ? offset + rows : null, "next"));
}

