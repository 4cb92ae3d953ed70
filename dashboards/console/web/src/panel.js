// A panel: its frame, what it asks, and how the answer is drawn.
import { get } from "./api.js";
import { append, fill, h, menu } from "./dom.js";
import { ranking, share } from "./bars.js";
import { matrix } from "./matrix.js";
import { loading, nothing, trouble } from "./notices.js";
import { commonQuery, params } from "./state.js";
import { rowsOf, table } from "./table.js";
import { stat } from "./stat.js";
import { both, lang, t } from "./words.js";

const CHARTS = new Set(["timeseries", "bars", "sankey"]);
const DRAWN = { stat, ranking, share, matrix, table };

/** What is asked for a panel; also of its files. */
export function panelQuery(page) {
  const query = commonQuery();
  query.set("lang", lang());
  const asked = params();
  for (const name of page.parameters) {
    const value = page.fixed?.[name] ?? asked.get(name);
    if (value) query.set(name, value);
  }
  return query;
}

/** Make a panel; it asks when load() is called. */
export function panelView(page, panel) {
  const body = h("div", { class: "panel-body" });
  const aside = h("div", { class: "panel-tools" });
  const id = `panel-${page.id}-${panel.id}`;
  const element = h("section", { class: ["panel", `kind-${panel.kind}`], id, "aria-labelledby": `${id}-title`, "aria-busy": "true" },
    h("header", { class: "panel-head" }, h("h2", { id: `${id}-title`, title: both(panel.description) }, both(panel.title)), aside), body);
  element.style.setProperty("--w", panel.width);
  element.style.setProperty("--h", panel.height);
  const view = { page, panel, element, body, aside, data: null, asTable: false, chart: null };
  tools(view);
  fill(body, loading());
  return Object.assign(view, { load: (signal) => load(view, signal), redraw: () => draw(view), dispose: () => view.chart?.dispose() });
}

let marked = false;

/** Note when the first answer was on the screen; the tests measure it. */
function painted() {
  if (marked) return;
  marked = true;
  requestAnimationFrame(() => setTimeout(() => performance.mark("sekisho-first-answer")));
}

async function load(view, signal) {
  const { page, panel, body, element } = view;
  const url = `/api/panel/${page.id}/${panel.id}?${panelQuery(page)}`;
  element.setAttribute("aria-busy", "true");
  try {
    view.data = await get(url, signal);
    if (signal.aborted) return;
    await draw(view);
    painted();
  } catch (error) {
    if (error.name === "AbortError") return;
    view.chart?.dispose();
    view.chart = null;
    fill(body, trouble(error, error.told?.code === "no_csrf" ? () => location.reload() : () => load(view, signal)));
  }
  element.setAttribute("aria-busy", "false");
}

function tools(view) {
  const { page, panel, aside } = view;
  const save = (format) => {
    const query = panelQuery(page);
    query.set("format", format);
    return `/api/panel/${page.id}/${panel.id}?${query}`;
  };
  const links = () => ["csv", "json"].map((format) =>
    h("a", { class: "item", href: save(format), download: `${page.id}-${panel.id}.${format}` }, t(`export_${format}`)));
  const more = menu(h("span", { "aria-hidden": "true" }, "⋯"), [], { class: "right quiet", summary: { "aria-label": `${both(panel.title)}: ${t("more")}` } });
  more.addEventListener("toggle", () => {
    if (!more.open) return;
    fill(more.querySelector(".sheet"), h("p", { class: "about" }, both(panel.description)),
      panel.kind === "table" || panel.kind === "stat" ? null : h("button", { type: "button", class: "item", onclick: () => {
        view.asTable = !view.asTable;
        more.open = false;
        draw(view);
      } }, view.asTable ? t("in_chart") : t("in_table")), links());
  });
  append(aside, [more]);
}

/** Draw the answer that is at hand. */
async function draw(view) {
  const { panel, body, data } = view;
  if (!data) return;
  view.chart?.dispose();
  view.chart = null;
  const rows = rowsOf(data);
  const kind = view.asTable ? "table" : panel.kind;
  if (!rows.length) fill(body, nothing());
  else if (CHARTS.has(kind)) {
    const { drawChart } = await import("./charts.js");
    if (view.data === data) view.chart = drawChart(body, panel, data, rows);
  } else fill(body, (DRAWN[kind] ?? table)(panel, data, rows));
  if (data.cut && rows.length) append(body, [h("p", { class: "foot" }, t("cut"))]);
}
