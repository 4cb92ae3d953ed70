// Tables, and the formatting of a panel's values that all kinds share.
import { h } from "./dom.js";
import { duration, parsed, quantity, time } from "./format.js";
import * as marks from "./marks.js";
import { address, linkAddress, state } from "./state.js";
import { both, heading, label, t, zoneName } from "./words.js";

const PLAIN = /(^|_)(port|vlan|id|proto|number|bits|as|gid|rev|revision)$/;
const ADDRESS = /^(ip|src_ip|dst_ip|address|host|initiator|responder|peer|source_ip|target_ip)$/;
const LONG = /^(signature|why|comment|value|captures|measure|cause|field|error)$/;
const LOOKS_LIKE_ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i;

export const rowsOf = (data) => data.rows.map((row) => Object.fromEntries(data.columns.map((name, i) => [name, row[i]])));

export const isNumber = (type) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type.replace(/LowCardinality\(|SimpleAggregateFunction\(\w+, /, ""));
export const isTime = (type) => /DateTime/.test(type);

export const unitOf = (panel, column) => panel.units[column] ?? (PLAIN.test(column) ? "" : panel.unit);

/** A value as text, by its column's type and unit. */
export function valueText(panel, column, type, value) {
  if (value === null || value === undefined || value === "") return "–";
  if (isTime(type)) return time(parsed(value));
  if (typeof value === "number") {
    if (column.endsWith("_ns")) return duration(value / 1e9);
    return quantity(value, unitOf(panel, column));
  }
  if (Array.isArray(value)) return value.join(", ");
  if (/(^|_)zone$|^source$|^target$/.test(column)) return zoneName(value);
  return label(value);
}

function cell(panel, data, row, i) {
  const [column, type, value] = [data.columns[i], data.types[i], row[data.columns[i]]];
  const content = column === "severity" ? marks.severity(value) : column === "verdict" ? marks.verdict(value)
    : column === "outcome" ? marks.outcome(value) : column === "status" && state.facts.codes.status.includes(value) ? marks.status(value) : valueText(panel, column, type, value);
  const link = panel.links.find((one) => one.column === column) ?? (i === firstShown(panel, data) ? panel.links.find((one) => !one.column) : null);
  if (link && value !== "" && value !== null) return h("a", { href: linkAddress(link, row), title: both(link.title) }, content);
  if (ADDRESS.test(column) && LOOKS_LIKE_ADDRESS.test(value) && value !== "::") return h("a", { href: address("/p/host", { ip: value }) }, value);
  return content;
}

const firstShown = (panel, data) => data.columns.findIndex((name) => !panel.hidden.includes(name));

/** In a table, source and target are the two sides of a flow, not rows and columns. */
const columnHeading = (column) => (column === "source" ? t("src_zone") : column === "target" ? t("dst_zone") : heading(column));

/** A table of all rows. */
export function table(panel, data, rows) {
  const shown = data.columns.map((name, i) => i).filter((i) => !panel.hidden.includes(data.columns[i]));
  const right = (i) => (isNumber(data.types[i]) ? "number" : null);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": both(panel.title) }, h("table", {},
    h("thead", {}, h("tr", {}, shown.map((i) => h("th", { scope: "col", class: right(i) }, columnHeading(data.columns[i]))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, shown.map((i) => h("td", { class: [right(i), LONG.test(data.columns[i]) ? "long" : "nowrap"] }, cell(panel, data, row, i))))))));
}
