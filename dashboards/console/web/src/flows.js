// Flow search: a form whose conditions live in the address, and the flows that meet them.
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { duration, endpoint, parsed, protocol, quantity, time } from "./format.js";
import * as marks from "./marks.js";
import { loading, nothing, trouble } from "./notices.js";
import { address, commonQuery, go, here, params, state } from "./state.js";
import { label, t, zoneName } from "./words.js";

const OWN = ["ip", "src", "dst", "port", "proto", "app", "src_zone", "dst_zone", "verdict", "outcome", "conduit", "community_id", "run", "flow_id"];
const ROWS = 50;

function query(extra = {}) {
  const wanted = commonQuery();
  wanted.delete("severity");
  const asked = params();
  for (const name of OWN) if (asked.get(name)) wanted.set(name, asked.get(name));
  for (const [name, value] of Object.entries(extra)) wanted.set(name, value);
  return wanted;
}

/** The search; form: whether the conditions can be changed here. */
export function flowsView({ extra = {}, form = true, title = t("flow_search") } = {}) {
  const body = h("div", {}, loading());
  const file = (format) => h("a", { class: "button", href: `/api/flows?${query({ ...extra, format })}`, download: `flows.${format}` }, t(`export_${format}`));
  const element = h("section", { class: "panel wide", "aria-labelledby": "flows-title" },
    h("header", { class: "panel-head" }, h("h2", { id: "flows-title" }, title), h("div", { class: "panel-tools" }, file("csv"), file("json"))),
    form ? conditions() : null, body);
  const load = async (signal) => {
    const offset = Number(params().get("offset") ?? 0) || 0;
    try {
      const data = await get(`/api/flows?${query({ ...extra, limit: ROWS, offset })}`, signal);
      if (!signal.aborted) draw(body, data, offset);
    } catch (error) {
      if (error.name !== "AbortError") fill(body, trouble(error, () => load(signal)));
    }
  };
  return { element, load, dispose() {} };
}

/** A protocol by its content, as people write it; unknown is a label. */
const application = (app) => (["unknown", "failed"].includes(app) ? label(app) : app.replaceAll("_", "-"));
const spoken = (app) => (app && !["unknown", "failed"].includes(app) ? ` · ${application(app)}` : "");

function conditions() {
  const asked = params();
  const field = (name, attributes = {}) => h("label", { class: "field" }, h("span", {}, t(name)), h("input", { name, value: asked.get(name) ?? "", autocomplete: "off", spellcheck: "false", ...attributes }));
  const choice = (name, values, text) => h("label", { class: "field" }, h("span", {}, t(name)), h("select", { name },
    h("option", { value: "" }, t("all")), values.map((value) => h("option", { value, selected: asked.get(name) === value }, text(value)))));
  const zones = state.facts.choices.zone;
  const form = h("form", { class: "conditions", role: "search", "aria-label": t("flow_search"), onsubmit: (event) => {
    event.preventDefault();
    go(here({ ...Object.fromEntries(OWN.map((name) => [name, form.elements[name]?.value.trim() ?? asked.get(name)])), offset: null }));
  } },
  field("ip", { placeholder: "10.10.0.0/16", size: 18 }), field("port", { inputmode: "numeric", size: 6, maxlength: 5 }), field("proto", { size: 6, placeholder: "tcp" }),
  choice("app", state.facts.codes.app, application),
  choice("src_zone", zones, zoneName), choice("dst_zone", zones, zoneName), choice("verdict", state.facts.codes.verdict, label), choice("outcome", state.facts.codes.outcome, label),
  h("button", { type: "submit", class: "primary" }, t("find")), h("a", { class: "button", href: here(Object.fromEntries(OWN.map((name) => [name, null]))) }, t("clear")),
  ["src", "dst", "conduit", "community_id", "run", "flow_id"].filter((name) => asked.get(name)).map((name) =>
    h("a", { class: "chip", href: here({ [name]: null, offset: null }) }, `${t(name)}: ${asked.get(name)} ✕`)));
  return form;
}

function draw(body, data, offset) {
  const rows = data.rows.map((row) => Object.fromEntries(data.columns.map((name, i) => [name, row[i]])));
  if (!rows.length) {
    fill(body, nothing());
    return;
  }
  const more = rows.length === ROWS;
  fill(body, flowTable(rows), h("nav", { class: "pager", "aria-label": t("rows") },
    offset ? h("a", { class: "button", href: here({ offset: Math.max(offset - ROWS, 0) || null }) }, t("previous")) : null,
    h("span", {}, `${offset + 1}–${offset + rows.length} (${t("newest_first")})`),
    more ? h("a", { class: "button", href: here({ offset: offset + ROWS }) }, t("next")) : null));
}

/** Two ends, one below the other. */
const pair = (from, to) => [h("div", { class: "nowrap" }, from), h("div", { class: "nowrap" }, h("span", { class: "faint" }, "→ "), to)];

/** Flows as a table; used by the search and by the alert page. */
export function flowTable(rows) {
  const heads = [["started"], ["between"], ["zones"], ["verdict"], ["outcome"], ["duration", 1], ["pkts", 1], ["sent", 1], ["received", 1]];
  const host = (row, side) => h("a", { href: address("/p/host", { ip: row[`${side}_ip`] }) }, endpoint(row, side));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("flows") }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map(([name, right]) => h("th", { scope: "col", class: right ? "number" : null }, t(name))))),
    h("tbody", {}, rows.map((row) => h("tr", {},
      h("td", { class: "nowrap" }, time(parsed(row.ts_start_ns), { digits: true })), h("td", {}, pair(host(row, "src"), [host(row, "dst"), " ", h("span", { class: "faint" }, protocol(row.proto), spoken(row.app_proto))])),
      h("td", {}, pair(zoneName(row.src_zone), zoneName(row.dst_zone))),
      h("td", {}, marks.verdict(row.verdict), row.conduit ? h("span", { class: "faint" }, ` ${row.conduit}`) : null), h("td", {}, marks.outcome(row.outcome)),
      h("td", { class: "number" }, duration(row.duration_ns === undefined ? (parsed(row.ts_end_ns) - parsed(row.ts_start_ns)) / 1000 : row.duration_ns / 1e9)),
      h("td", { class: "number" }, quantity(row.pkts_toserver + row.pkts_toclient, "count")), h("td", { class: "number" }, quantity(row.bytes_toserver, "bytes")), h("td", { class: "number" }, quantity(row.bytes_toclient, "bytes")))))));
}
