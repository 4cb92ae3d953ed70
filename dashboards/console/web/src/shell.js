// The frame around every page: menu, range, filters, search, taste, help.
import { post } from "./api.js";
import { fill, h, menu } from "./dom.js";
import { inputInstant, inputValue, time, zone, zoneName as timeZoneName } from "./format.js";
import * as marks from "./marks.js";
import { address, go, here, LISTS, pagePath, params, range, state, store, stored } from "./state.js";
import { both, lang, t, zoneName } from "./words.js";

const QUICK = ["15m", "1h", "6h", "24h", "7d", "30d"];
const WORDS_OF = { m: ["分", "min"], h: ["時間", "h"], d: ["日", "d"] };
const quickText = (span) => `${span.slice(0, -1)}${lang() === "ja" ? "" : " "}${WORDS_OF[span.at(-1)][lang() === "ja" ? 0 : 1]}`;

/** Build the frame once per language; returns where the page goes and what brings the frame up to date. */
export function shell(app, redraw) {
  const nav = h("ul", { class: "nav" });
  const ranges = h("div", { class: "ranges" });
  const filters = h("div", { class: "filters" });
  const main = h("main", { id: "main", tabindex: "-1" });
  fill(app, h("header", { class: "top" },
    h("a", { class: "brand", href: "/" }, h("img", { src: "/static/icon.svg", alt: "", width: 26, height: 26 }), h("span", {}, h("b", {}, "関所"), " Sekisho")),
    ranges, h("div", { class: "right-tools" }, search(), display(redraw), helpButton())),
  h("div", { class: "frame" }, h("nav", { class: "side", "aria-label": t("pages") }, nav), h("div", { class: "content" }, filters, main)));
  document.getElementById("skip").textContent = lang() === "ja" ? "本文へ移動" : "Skip to content";
  return { main, update: (current) => {
    fill(nav, menuItems(current));
    fill(ranges, rangeTools());
    fill(filters, filterTools());
  } };
}

function menuItems(current) {
  return state.facts.pages.filter((page) => page.listed).map((page) => h("li", {},
    h("a", { href: address(pagePath(page.id)), "aria-current": page.id === current ? "page" : null, title: both(page.description) }, both(page.title))));
}

function rangeTools() {
  const now = range();
  const shift = (by) => here({ from: Math.max(0, now.from + by), to: now.to + by });
  const span = now.to - now.from;
  const text = now.relative ? `${t("last")} ${spanText(now.relative)}` : `${time(now.from, { seconds: false })} – ${time(now.to, { seconds: false })}`;
  const button = (href, name, sign, id) => h("a", { class: "button", id, href, "aria-label": t(name), title: t(name) }, h("span", { "aria-hidden": "true" }, sign));
  return [button(shift(-span), "earlier", "‹", "earlier"), menu([h("span", { class: "hearing" }, `${t("range")}: `), h("span", { class: "clock", "aria-hidden": "true" }, "◷"), text, h("span", { class: "zone-name" }, timeZoneName())], picker(now), { class: "range-menu", id: "range-menu" }),
    button(shift(span), "later", "›", "later"), button(here({ from: Math.max(0, Math.floor(now.from - span / 2)), to: Math.ceil(now.to + span / 2) }), "wider", "−", "wider"),
    h("button", { type: "button", id: "refresh", "aria-label": t("refresh"), title: t("refresh"), onclick: () => go(location.pathname + location.search, { replace: true }) }, h("span", { "aria-hidden": "true" }, "⟳"))];
}

const spanText = (relative) => {
  const span = relative.slice(4);
  return /^\d+[mhd]$/.test(span) ? quickText(span) : span;
};

function picker(now) {
  const from = h("input", { type: "datetime-local", name: "from", step: 1, value: inputValue(now.from), required: true });
  const to = h("input", { type: "datetime-local", name: "to", step: 1, value: inputValue(now.to), required: true });
  const form = h("form", { class: "absolute", onsubmit: (event) => {
    event.preventDefault();
    const [a, b] = [inputInstant(from.value), inputInstant(to.value)];
    to.setCustomValidity(a < b ? "" : "from < to");
    if (a < b) go(here({ from: a, to: b, offset: null }));
    else to.reportValidity();
  } },
  h("label", { class: "field stacked" }, h("span", {}, t("from")), from), h("label", { class: "field stacked" }, h("span", {}, t("to")), to), h("button", { type: "submit", class: "primary" }, t("apply")));
  const runs = state.facts.runs.filter((run) => run.from_ms !== undefined).reverse().slice(0, 8);
  return [h("div", { class: "quick", role: "group", "aria-label": t("last") }, h("span", { class: "faint" }, t("last")),
    QUICK.map((span) => h("a", { class: ["button", now.relative === `now-${span}` && "on"], href: here({ from: `now-${span}`, to: "now", offset: null }) }, quickText(span)))),
  form, runs.length ? h("div", { class: "runs" }, h("span", { class: "faint" }, t("run_range")), runs.map((run) =>
    h("a", { class: "item", href: here({ from: run.from_ms, to: run.to_ms, offset: null }) }, h("span", {}, captureName(run)), h("span", { class: "faint" }, `${time(run.from_ms, { seconds: false })} – ${time(run.to_ms, { seconds: false })}`)))) : null];
}

export const captureName = (run) => (run.captures?.length ? run.captures[0].split("/").at(-1) + (run.captures.length > 1 ? ` +${run.captures.length - 1}` : "") : run.run_id);

function filterTools() {
  const asked = params();
  const shown = LISTS.filter((name) => name === "severity" || name === "zone" || state.facts.choices[name].length > 1 || asked.has(name));
  const set = shown.some((name) => asked.has(name));
  return [shown.map((name) => filter(name, asked.getAll(name))), set ? h("a", { class: "button quiet", id: "clear-filters", href: here(Object.fromEntries(LISTS.map((name) => [name, null]))) }, `✕ ${t("clear")}`) : null];
}

function filter(name, chosen) {
  const values = [...new Set([...state.facts.choices[name], ...chosen])];
  const text = (value) => (name === "zone" ? zoneName(value) : name === "severity" ? marks.severity(value) : value);
  const boxes = values.map((value) => {
    const box = h("input", { type: "checkbox", name, value, checked: chosen.includes(value), onchange: () => {
      const now = new Set(params().getAll(name));
      if (box.checked) now.add(value);
      else now.delete(value);
      go(here({ [name]: [...now], offset: null }), { replace: true });
    } });
    return h("label", { class: "choice" }, box, h("span", {}, text(value)));
  });
  const summary = chosen.length ? chosen.length > 2 ? `${chosen.length}` : chosen.map((value) => (name === "severity" ? marks.severity(value).textContent : name === "zone" ? zoneName(value) : value)).join(", ") : t("all");
  return menu([`${t(name)}: `, h("b", {}, summary)], h("fieldset", {}, h("legend", { class: "hearing" }, t(name)), boxes), { class: chosen.length ? "filter set" : "filter", id: `filter-${name}` });
}

function search() {
  const input = h("input", { type: "search", name: "ip", id: "search", placeholder: t("search_hint"), "aria-label": t("search"), autocomplete: "off", spellcheck: "false", maxlength: 45 });
  return h("form", { role: "search", class: "search", onsubmit: (event) => {
    event.preventDefault();
    if (input.value.trim()) go(address("/p/host", { ip: input.value.trim() }));
  } }, input);
}

function display(redraw) {
  const choose = (name, word, options, now, set) => h("fieldset", { class: "taste" }, h("legend", {}, t(word)), options.map(([value, text]) =>
    h("label", { class: "choice" }, h("input", { type: "radio", name: `taste-${name}`, value, checked: value === now, onchange: () => {
      set(value);
      redraw();
    } }), h("span", {}, text))));
  const logout = state.facts.login ? h("button", { type: "button", class: "item", onclick: async () => {
    await post("/logout", {}).catch(() => {});
    location.assign("/login");
  } }, t("logout")) : null;
  return menu([h("span", { "aria-hidden": "true" }, "◐ "), t("settings")], [
    choose("lang", "language", [["ja", "日本語"], ["en", "English"]], lang(), (value) => {
      store("lang", value);
      document.documentElement.lang = value;
    }),
    choose("theme", "theme", [["system", t("system")], ["light", t("light")], ["dark", t("dark")]], stored("theme", "system"), (value) => {
      store("theme", value);
      if (value === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = value;
    }),
    choose("time", "timezone", [["local", t("local")], ["utc", "UTC"]], zone(), (value) => store("time", value)),
    choose("refresh", "auto", [["0", t("off")], ["30", "30 s"], ["60", "1 min"], ["300", "5 min"]], stored("refresh", "0"), (value) => store("refresh", value)), logout,
  ], { class: "right", id: "display" });
}

function helpButton() {
  return h("button", { type: "button", id: "help", "aria-label": t("help"), title: t("help"), onclick: showHelp }, h("span", { "aria-hidden": "true" }, "?"));
}

/** A dialog with the keys; single-letter keys can be switched off, as WCAG 2.1.4 asks. */
export function showHelp() {
  const keys = [["/", "key_search"], ["[  ]", "key_shift"], ["r", "key_refresh"], ["j  k", "key_list"], ["Enter", "key_open"], ["?", "key_help"]];
  const box = h("input", { type: "checkbox", checked: stored("keys", "on") === "on", onchange: () => store("keys", box.checked ? "on" : "off") });
  const dialog = h("dialog", { "aria-labelledby": "help-title", onclose: () => dialog.remove() }, h("h2", { id: "help-title" }, t("shortcuts")),
    h("dl", { class: "keys" }, keys.map(([key, word]) => h("div", {}, h("dt", {}, key.split("  ").map((one) => h("kbd", {}, one))), h("dd", {}, t(word))))),
    h("p", {}, t("key_zoom")), h("label", { class: "choice" }, box, h("span", {}, t("keys_on"))), h("p", { class: "faint" }, `Sekisho ${state.facts.version} · `, h("a", { href: "/static/LICENCES.txt", target: "_blank", rel: "noopener" }, "Apache ECharts, licences")),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, t("close"))));
  document.body.append(dialog);
  dialog.showModal();
}
