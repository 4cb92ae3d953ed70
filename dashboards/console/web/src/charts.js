// Charts over time and flows between zones, drawn by Apache ECharts. Loaded only when a page has one.
import { BarChart, LineChart, SankeyChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, ToolboxComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { fill, h } from "./dom.js";
import { parsed, quantity, time, zone } from "./format.js";
import { go, here, linkAddress, range } from "./state.js";
import { isNumber, unitOf } from "./table.js";
import { both, heading, label, t, zoneName } from "./words.js";

use([BarChart, LineChart, SankeyChart, GridComponent, TooltipComponent, LegendComponent, DataZoomComponent, ToolboxComponent,
  MarkLineComponent, AriaComponent, CanvasRenderer]);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const palette = () => [1, 2, 3, 4, 5, 6, 7, 8].map((i) => colour(`series-${i}`));
const VERDICTS = { permitted: "series-3", not_judged: "dim", no_conduit: "critical", wrong_initiator: "series-4", wrong_segment: "series-7", unattributed: "series-8",
  unsanitized: "series-6", wrong_app: "series-1", out_of_hours: "medium", expired_conduit: "high", permitted_excess: "series-5" };
const COUNTED = new Set(["count", "bytes", "bit/s", "packets/s", "1/s"]);
const SEVERITIES = ["critical", "high", "medium", "low"];

/** Draw a chart into a panel's body; returns what disposes of it. */
export function drawChart(body, panel, data, rows) {
  const box = h("div", { class: "chart", role: "img", "aria-label": `${both(panel.title)}. ${both(panel.description)} ${t("in_table")}: ⋯` });
  fill(body, box);
  const chart = init(box, null, { renderer: "canvas" });
  chart.setOption(panel.kind === "sankey" ? sankey(panel, data, rows) : overTime(panel, data, rows));
  if (panel.kind === "sankey") body.append(h("p", { class: "foot" }, t("log_width")));
  else zooming(chart);
  chart.on("click", (event) => follow(panel, event));
  const watch = new ResizeObserver(() => chart.resize());
  watch.observe(box);
  return { dispose: () => { watch.disconnect(); chart.dispose(); } };
}

function follow(panel, event) {
  const link = panel.links[0];
  const row = event.data?.row;
  if (link && row) go(linkAddress(link, row));
}

function zooming(chart) {
  chart.dispatchAction({ type: "takeGlobalCursor", key: "dataZoomSelect", dataZoomSelectActive: true });
  chart.on("datazoom", (event) => {
    const { startValue, endValue } = event.batch?.[0] ?? event;
    if (endValue - startValue >= 1000) go(here({ from: Math.floor(startValue), to: Math.ceil(endValue) }));
  });
}

/** Series by name: [[ms, value, row], …], with zeros where the answer has no point (no row means that nothing was counted). */
function series(panel, data, rows) {
  const numbers = data.columns.filter((name, i) => isNumber(data.types[i]) && !panel.hidden.includes(name));
  const bySeries = data.columns.includes("series");
  const found = new Map(bySeries ? [] : numbers.map((name) => [name, []]));
  for (const row of rows) {
    const ms = parsed(row.time);
    if (bySeries) {
      if (!found.has(row.series)) found.set(row.series, []);
      found.get(row.series).push([ms, row[numbers[0]], row]);
    } else for (const name of numbers) found.get(name).push([ms, row[name], row]);
  }
  const times = [...new Set(rows.map((row) => parsed(row.time)))].sort((a, b) => a - b);
  const step = times.slice(1).reduce((least, ms, i) => Math.min(least, ms - times[i]), Infinity);
  return { found: sorted(found), times: withGaps(times, step), step };
}

function sorted(found) {
  return [...found].sort(([a], [b]) => {
    const [i, j] = [SEVERITIES.indexOf(a), SEVERITIES.indexOf(b)];
    return i >= 0 && j >= 0 ? j - i : 0;
  });
}

function withGaps(times, step) {
  const all = new Set(times);
  times.slice(1).forEach((ms, i) => {
    if (ms - times[i] > step * 1.5) {
      all.add(times[i] + step);
      all.add(ms - step);
    }
  });
  return [...all].sort((a, b) => a - b);
}

function tone(panel, name, i, colours) {
  if (SEVERITIES.includes(name)) return colour(name);
  if (VERDICTS[name]) return colour(VERDICTS[name]);
  return colours[i % colours.length];
}

function overTime(panel, data, rows) {
  const { found, times, step } = series(panel, data, rows);
  const bars = panel.kind === "bars";
  const counted = bars || COUNTED.has(panel.unit); // of these, a point that is absent is a zero; of others it is unknown
  const colours = palette();
  const named = (name) => (panel.colours || data.columns.includes("series") ? label(name) : heading(name));
  return {
    ...common(), useUTC: zone() === "utc",
    grid: { left: 8, right: 16, top: found.length > 1 ? 34 : 14, bottom: 4, containLabel: true },
    legend: { show: found.length > 1, type: "scroll", top: 0, left: 0, itemWidth: 14, itemHeight: 9, textStyle: { color: colour("text") }, pageTextStyle: { color: colour("dim") } },
    toolbox: { show: true, itemSize: 0, feature: { dataZoom: { yAxisIndex: "none", icon: { zoom: "path://", back: "path://" }, brushStyle: { color: colour("accent"), opacity: 0.18 } } } },
    tooltip: { ...tooltip(), trigger: "axis", axisPointer: { type: bars ? "shadow" : "line", snap: true }, formatter: (points) => over(panel, data, points) },
    xAxis: { type: "time", min: range().from, max: range().to, ...axis(), splitLine: { show: false }, axisLabel: { ...axis().axisLabel, hideOverlap: true } },
    yAxis: { type: "value", ...axis(), minInterval: panel.unit === "count" ? 1 : 0, axisLabel: { ...axis().axisLabel, formatter: (value) => quantity(value, panel.unit, true) } },
    series: found.map(([name, points], i) => {
      const known = new Map(points.map((point) => [point[0], point]));
      return {
        name: named(name), type: bars ? "bar" : "line", stack: bars ? "all" : undefined, color: tone(panel, name, i, colours),
        data: times.map((ms) => ({ value: [ms, known.get(ms)?.[1] ?? (counted ? 0 : null)], row: known.get(ms)?.[2] })),
        showSymbol: times.length < 3 || !counted, symbolSize: 6, lineStyle: { width: 1.75, type: i % 2 && !bars ? "dashed" : "solid" }, areaStyle: !bars && found.length === 1 ? { opacity: 0.14 } : undefined,
        barMaxWidth: 22, barMinWidth: 3, cursor: panel.links.length ? "pointer" : "default", emphasis: { focus: "series" },
        unit: unitOf(panel, data.columns.includes("series") ? "value" : name), large: false, barCategoryGap: "20%", step: false,
        markLine: i === 0 ? lines(panel) : undefined, universalTransition: false, id: name, silent: false, z: 2, progressive: 0, step_ms: step,
      };
    }),
  };
}

function lines(panel) {
  const wanted = panel.thresholds.filter((one) => one.value > 0);
  return wanted.length ? {
    silent: true, symbol: "none", data: wanted.map((one) => ({ yAxis: one.value, name: one.level, label: { formatter: t(`level_${one.level}`), color: colour("dim"), position: "insideEndTop" },
      lineStyle: { color: colour(one.level === "critical" ? "critical" : "medium"), type: "dotted" } })),
  } : undefined;
}

function sankey(panel, data, rows) {
  const colours = palette();
  const names = [...new Set(rows.flatMap((row) => [row.source, row.target]))];
  const node = (zone, side) => `${side}\n${zone}`;
  const nodes = [...new Set(rows.flatMap((row) => [node(row.source, 0), node(row.target, 1)]))];
  const own = (zone) => colours[names.indexOf(zone) % colours.length];
  return {
    ...common(),
    tooltip: { ...tooltip(), trigger: "item", formatter: (point) => inSankey(panel, point) },
    series: [{
      type: "sankey", left: 8, right: 8, top: 10, bottom: 10, nodeGap: 10, nodeWidth: 12, draggable: false, emphasis: { focus: "adjacency" }, cursor: "pointer",
      data: nodes.map((id) => {
        const [side, zone] = [id[0], id.slice(2)];
        return { name: id, itemStyle: { color: own(zone) }, label: { position: side === "0" ? "right" : "left", formatter: zoneName(zone), color: colour("text"), fontSize: 12 } };
      }),
      links: rows.map((row) => ({ source: node(row.source, 0), target: node(row.target, 1), value: Math.log1p(row.value), row, lineStyle: { color: own(row.source), opacity: 0.35 } })),
    }],
  };
}

function inSankey(panel, point) {
  const row = point.data?.row;
  if (!row) return h("div", {}, zoneName(String(point.name).slice(2)));
  return h("div", {}, h("strong", {}, `${zoneName(row.source)} → ${zoneName(row.target)}`), h("div", {}, quantity(row.value, unitOf(panel, "value"))));
}

function over(panel, data, points) {
  const list = [points].flat().filter((point) => point.value[1] || points.length < 3);
  return h("div", { class: "tip" }, h("div", { class: "tip-time" }, time([points].flat()[0].value[0])),
    list.map((point) => {
      const dot = h("span", { class: "tip-dot" });
      dot.style.backgroundColor = point.color;
      return h("div", { class: "tip-row" }, dot, h("span", {}, point.seriesName), h("b", {}, quantity(point.value[1], panel.unit)));
    }));
}

const common = () => ({
  animation: false, backgroundColor: "transparent", aria: { enabled: false },
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("text") },
});

const tooltip = () => ({
  appendTo: undefined, confine: true, backgroundColor: colour("raised"), borderColor: colour("line"), padding: [6, 10],
  textStyle: { color: colour("text"), fontSize: 12 }, extraCssText: "box-shadow: none;", transitionDuration: 0,
});

const axis = () => ({
  axisLine: { lineStyle: { color: colour("line") } }, axisTick: { show: false }, splitLine: { lineStyle: { color: colour("line"), opacity: 0.6 } },
  axisLabel: { color: colour("dim"), fontSize: 11 },
});
