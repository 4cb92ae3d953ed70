// Rankings and shares as tables with bars in them: readable, selectable, and linked by row.
import { h } from "./dom.js";
import { quantity } from "./format.js";
import * as marks from "./marks.js";
import { linkAddress } from "./state.js";
import { isNumber, unitOf, valueText } from "./table.js";
import { both, heading, t } from "./words.js";

const bar = (part, tone) => {
  const inner = h("span", { class: ["bar", tone && `tone-${tone}`] });
  inner.style.setProperty("--part", `${Math.max(part * 100, part > 0 ? 0.75 : 0)}%`);
  return inner;
};

function labelCell(panel, data, row) {
  const value = row.label;
  const content = panel.colours === "label" && ["critical", "high", "medium", "low"].includes(value) ? marks.severity(value)
    : panel.colours === "label" ? marks.verdict(value) : valueText(panel, "label", "String", value);
  const link = panel.links.find((one) => !one.column || one.column === "label");
  return link ? h("a", { href: linkAddress(link, row), title: both(link.title) }, content) : content;
}

export function ranking(panel, data, rows) {
  const numbers = data.columns.map((name, i) => i).filter((i) => isNumber(data.types[i]) && !panel.hidden.includes(data.columns[i]));
  const most = Math.max(...rows.map((row) => row[data.columns[numbers[0]]]), 0) || 1;
  const cells = (row) => numbers.map((i, at) => {
    const value = row[data.columns[i]];
    const text = valueText(panel, data.columns[i], data.types[i], value);
    return at === 0 ? [h("td", { class: "bar-cell", "aria-hidden": "true" }, bar(value / most)), h("td", { class: "number" }, text)] : h("td", { class: "number" }, text);
  });
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": both(panel.title) }, h("table", { class: "ranking" },
    numbers.length > 1 ? h("thead", {}, h("tr", {}, h("th", { scope: "col" }, heading("label")), h("td", {}), numbers.map((i) => h("th", { scope: "col", class: "number" }, heading(data.columns[i]))))) : null,
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, labelCell(panel, data, row)), cells(row))))));
}

export function share(panel, data, rows) {
  const total = rows.reduce((sum, row) => sum + row.value, 0) || 1;
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": both(panel.title) }, h("table", { class: "ranking" },
    h("tbody", {}, rows.map((row) => h("tr", {}, h("th", { scope: "row" }, labelCell(panel, data, row)),
      h("td", { class: "bar-cell", "aria-hidden": "true" }, bar(row.value / total, panel.colours === "label" ? marks.verdictLevel(row.label) : "")),
      h("td", { class: "number" }, quantity(row.value, unitOf(panel, "value"))), h("td", { class: "number faint" }, quantity(row.value / total, "share"))))),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, t("total")), h("td", {}), h("td", { class: "number" }, quantity(total, unitOf(panel, "value"))), h("td", {})))));
}
