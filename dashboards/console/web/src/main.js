// The console: find out what is there, then show the page that the address names.
import { firstFacts } from "./api.js";
import { alertView } from "./alert.js";
import { fill, h } from "./dom.js";
import { flowsView } from "./flows.js";
import { time } from "./format.js";
import { keyboard } from "./keys.js";
import { nothing, trouble } from "./notices.js";
import { panelView } from "./panel.js";
import { queueView } from "./queue.js";
import { captureName, shell } from "./shell.js";
import { address, go, here, params, range, state, stored, whenGone } from "./state.js";
import { both, t } from "./words.js";

// these panels have a better place here: the queue that can be worked on, the search that pages, the page of an alert
const REPLACED = { alerts: ["queue"], flows: ["search"], host: ["alerts", "flows"] };
/** Columns of the grid that panels stand in. */
const COLUMNS = 24;
const app = document.getElementById("app");
let frame = null;
let stop = new AbortController();
let views = [];
let timer = null;

async function start() {
  try {
    state.facts = await firstFacts();
  } catch (error) {
    fill(app, h("div", { class: "alone" }, trouble(error, () => location.reload())));
    return;
  }
  const wanted = params().get("lang") ?? stored("lang", state.facts.lang);
  document.documentElement.lang = wanted === "ja" ? "ja" : "en";
  whenGone(show);
  addEventListener("popstate", () => show({ moved: true }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => views.forEach((view) => view.redraw?.()));
  document.addEventListener("click", follow);
  keyboard();
  redraw();
}

function redraw() {
  frame = shell(app, redraw);
  show({ moved: false });
}

/** Links within the console change the page without loading it anew. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || link.target || link.hasAttribute("download") || /^\/(static|api|login)\b/.test(url.pathname) || link.id === "skip") return;
  event.preventDefault();
  go(url.pathname + url.search);
}

let shownPath = null;

function show({ moved }) {
  stop.abort();
  stop = new AbortController();
  views.forEach((view) => view.dispose());
  const { signal } = stop;
  const made = pageOf(location.pathname);
  frame.update(made.id);
  const heading = h("h1", { tabindex: "-1" }, made.title);
  const titled = (text) => {
    heading.textContent = text;
    document.title = `${text} – Sekisho`;
  };
  document.title = `${made.title} – Sekisho`;
  const parts = made.parts(titled);
  views = parts.views;
  fill(frame.main, h("div", { class: "page-head" }, heading, made.about ? h("p", { class: "about" }, made.about) : null), made.alone ? null : about(), parts.content);
  if (moved && shownPath !== location.pathname) {
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  shownPath = location.pathname;
  views.forEach((view) => view.load(signal));
  again(signal);
}

function again(signal) {
  clearTimeout(timer);
  const seconds = Number(stored("refresh", "0"));
  if (!seconds) return;
  timer = setTimeout(() => {
    const busy = document.hidden || document.querySelector("details.menu[open], dialog[open], .bulk:not([hidden])") || document.activeElement?.matches("input, textarea, select");
    if (!signal.aborted && !busy) views.forEach((view) => view.load(signal));
    if (!signal.aborted) again(signal);
  }, seconds * 1000);
}

/** What stands above the panels: that the store is empty, or which range was chosen for the reader, and why. */
function about() {
  const first = state.facts.range;
  if (first.why === "empty") {
    return h("div", { class: "notice wide-notice" }, h("p", { class: "notice-title" }, t("empty_title")), h("p", {}, t("empty_hint")), h("pre", {}, "sekisho replay CAPTURE.pcap --zones zones.toml --store STORE\nsekisho console --store STORE --zones zones.toml"));
  }
  const now = range();
  if (!now.chosen) {
    const run = state.facts.runs.find((one) => one.run_id === first.run) ?? { run_id: first.run };
    return h("p", { class: "chip-line", role: "note" }, h("span", { "aria-hidden": "true" }, "ⓘ "), t(first.why === "live" ? "shows_live" : "shows_run"), first.why === "live" ? null : `: ${captureName(run)} (${time(now.from, { seconds: false })} – ${time(now.to, { seconds: false })})`);
  }
  const holds = state.facts.runs.some((run) => run.from_ms !== undefined && run.from_ms < now.to && run.to_ms > now.from);
  if (!holds && first.why !== "live") {
    return h("div", { class: "notice wide-notice" }, h("p", { class: "notice-title" }, t("no_data_here")), h("a", { class: "button primary", href: here({ from: null, to: null }) }, t("show_run")));
  }
  return null;
}

function pageOf(path) {
  const alert = /^\/alert\/([^/]+)\/(\d+)$/.exec(path);
  if (alert) return alertPage(decodeURIComponent(alert[1]), alert[2]);
  const id = path === "/" ? "overview" : /^\/p\/([a-z_]+)$/.exec(path)?.[1];
  const page = state.facts.pages.find((one) => one.id === id);
  if (!page) return { id: "", title: t("not_found"), parts: () => ({ views: [], content: nothing(t("not_found"), t("not_found_hint")) }) };
  return panelPage(page);
}

function alertPage(run, id) {
  const page = state.facts.pages.find((one) => one.id === "alert");
  const related = page?.panels.find((panel) => panel.id === "related");
  return { id: "alerts", title: t("alert"), alone: true, parts: (titled) => {
    const view = alertView(run, id, { titled });
    const views = [view];
    if (related) views.push(panelView({ ...page, fixed: { run, alert_id: id } }, related));
    return { views, content: [h("p", {}, h("a", { href: address("/p/alerts") }, `‹ ${t("back")}`)), view.element, related ? h("div", { class: "grid" }, views[1].element) : null] };
  } };
}

function panelPage(page) {
  const ip = params().get("ip");
  if (page.id === "host" && !ip) return { id: "host", title: both(page.title), parts: () => ({ views: [], content: hostForm() }) };
  const title = page.id === "host" ? `${both(page.title)} ${ip}` : both(page.title);
  return { id: page.id, title, about: both(page.description), parts: () => {
    const panels = page.panels.filter((panel) => !REPLACED[page.id]?.includes(panel.id)).map((panel) => panelView(page, panel));
    const reload = () => panels.forEach((view) => view.load(stop.signal));
    const own = ownLists(page, ip, reload);
    const numbers = panels.filter((view) => view.panel.kind === "stat");
    const rest = panels.filter((view) => view.panel.kind !== "stat");
    fillRows(rest);
    return { views: [...numbers, ...own.first, ...rest, ...own.last], content: [
      page.id === "host" ? hostForm(ip) : null,
      numbers.length ? h("div", { class: "grid numbers" }, numbers.map((view) => view.element)) : null, own.first.map((view) => view.element),
      h("div", { class: "grid" }, rest.map((view) => view.element)), own.last.map((view) => view.element)] };
  } };
}

/** Where the neighbour of a panel has its place elsewhere on the page, the panel takes the whole row. */
function fillRows(views) {
  let free = COLUMNS;
  views.forEach((view, i) => {
    free -= view.panel.width;
    const next = views[i + 1]?.panel.width ?? COLUMNS;
    if (next <= free) return;
    view.element.style.setProperty("--w", view.panel.width + free);
    free = COLUMNS;
  });
}

/** The lists that the console has of its own, on the pages where they belong. */
function ownLists(page, ip, changed) {
  if (page.id === "alerts") return { first: [queueView({ changed })], last: [] };
  if (page.id === "flows") return { first: [flowsView()], last: [] };
  if (page.id === "host") return { first: [], last: [queueView({ extra: { ip }, title: t("alerts_of_host") }), flowsView({ extra: { ip }, form: false, title: t("flows_of_host") })] };
  return { first: [], last: [] };
}

function hostForm(ip = "") {
  const input = h("input", { name: "ip", value: ip, autocomplete: "off", spellcheck: "false", size: 40, maxlength: 45, required: true });
  return h("form", { class: "conditions", role: "search", onsubmit: (event) => {
    event.preventDefault();
    go(address("/p/host", { ip: input.value.trim() }));
  } }, h("label", { class: "field" }, h("span", {}, t("host_ask")), input), h("button", { class: "primary" }, t("find")), ip ? h("a", { class: "button", href: address("/p/flows", { ip }) }, t("host_flows")) : null);
}

start();
