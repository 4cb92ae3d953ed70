// A heat map as a table: from row to column, each cell a link; what the policy does not permit is marked by shape too.
import { h } from "./dom.js";
import { quantity } from "./format.js";
import { linkAddress, state } from "./state.js";
import { levelOf } from "./stat.js";
import { unitOf, valueText } from "./table.js";
import { both, heading, t, zoneName } from "./words.js";

const TONES = { good: "good", notice: "", warning: "odd", critical: "bad" };
const SHAPES = { warning: "▲ ", critical: "◆ " };

/** Zones in the policy's order (else by name), so that a zone stands at the same place in every matrix. */
function order(rows, side) {
  const place = (zone) => {
    const at = state.facts.zone_order.indexOf(zone);
    return zone === "unattributed" ? 1e9 : at < 0 ? 1e6 : at;
  };
  return [...new Set(rows.map((row) => row[side]))].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

export function matrix(panel, data, rows) {
  const [sources, targets] = [order(rows, "source"), order(rows, "target")];
  const cells = new Map(rows.map((row) => [`${row.source}\n${row.target}`, row]));
  const most = Math.log1p(Math.max(...rows.map((row) => row.value)));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": both(panel.title) }, h("table", { class: ["matrix", targets.length > 7 && "upright"] },
    h("caption", { class: "hearing" }, both(panel.description)),
    h("thead", {}, h("tr", {}, h("td", { class: "corner" }, t("from_to")), targets.map((zone) => h("th", { scope: "col", title: zone }, h("span", {}, zoneName(zone)))))),
    h("tbody", {}, sources.map((source) => h("tr", {}, h("th", { scope: "row", title: source }, zoneName(source)),
      targets.map((target) => cellView(panel, data, cells.get(`${source}\n${target}`), most)))))));
}

function cellView(panel, data, row, most) {
  if (!row) return h("td", { class: "void" }, h("span", { "aria-label": t("none") }, "·"));
  const level = levelOf(panel, row.value);
  const number = quantity(row.value, unitOf(panel, "value"), true);
  const text = panel.values[String(row.value)] ? both(panel.values[String(row.value)]) : number;
  const says = data.columns.slice(3).filter((name) => !panel.hidden.includes(name))
    .map((name) => `${heading(name)}: ${valueText(panel, name, data.types[data.columns.indexOf(name)], row[name])}`);
  const title = [`${zoneName(row.source)} → ${zoneName(row.target)}`, `${both(panel.title)}: ${text}`, level ? t(`level_${level}`) : "", ...says].filter(Boolean).join("\n");
  const content = [h("span", { "aria-hidden": "true" }, `${SHAPES[level] ?? ""}${text}`)];
  const link = panel.links.find((one) => !one.column) ?? panel.links[0];
  const cell = h("td", { class: ["heat", level && TONES[level]], title, "data-pair": `${row.source}>${row.target}` },
    link ? h("a", { href: linkAddress(link, row), "aria-label": title.replaceAll("\n", ", ") }, content) : h("span", { "aria-label": title.replaceAll("\n", ", ") }, content));
  if (!level) cell.style.setProperty("--depth", most ? (Math.log1p(row.value) / most).toFixed(3) : "0");
  return cell;
}
