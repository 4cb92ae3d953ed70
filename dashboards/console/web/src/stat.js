// One number, how it is meant, and what stands beside it.
import { h } from "./dom.js";
import { levelMark } from "./marks.js";
import { linkAddress } from "./state.js";
import { valueText } from "./table.js";
import { both, heading, t } from "./words.js";

/** The level that holds for a value: that of the highest threshold it reached. */
export function levelOf(panel, value) {
  const reached = panel.thresholds.filter((one) => typeof value === "number" && value >= one.value);
  return reached.length ? reached[reached.length - 1].level : "";
}

export function stat(panel, data, rows) {
  const [row] = rows;
  const level = levelOf(panel, row[data.columns[0]]);
  const text = (i) => valueText(panel, data.columns[i], data.types[i], row[data.columns[i]]);
  const number = h("span", { class: ["stat-value", level && `level-${level}`] }, text(0));
  const link = panel.links[0];
  const beside = data.columns.map((name, i) => i).slice(1).filter((i) => !panel.hidden.includes(data.columns[i]));
  return h("div", { class: "stat" },
    h("p", { class: "stat-line" }, level ? levelMark(level) : null,
      link ? h("a", { href: linkAddress(link, row), title: both(link.title) }, number) : number,
      level ? h("span", { class: "hearing" }, t(`level_${level}`)) : null),
    beside.length ? h("dl", { class: "stat-beside" }, beside.map((i) => [h("dt", {}, heading(data.columns[i])), h("dd", {}, text(i))])) : null);
}
