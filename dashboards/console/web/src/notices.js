// What stands where data should: loading, nothing found, something failed; each says what to do.
import { h } from "./dom.js";
import { t } from "./words.js";

export const loading = () => h("div", { class: "notice loading", role: "status" }, h("span", { class: "pulse" }), t("loading"));

export const nothing = (title = t("no_rows"), hint = t("no_rows_hint")) => h("div", { class: "notice" },
  h("p", { class: "notice-title" }, title), hint ? h("p", {}, hint) : null);

/** An error as the server tells it, or as we know it; retry is what the button does. */
export function trouble(error, retry) {
  const told = error.told ?? { code: "internal", what: String(error) };
  const known = { gone: [t("gone"), t("gone_hint")], no_csrf: [t("no_csrf"), ""], too_slow: [t("too_slow"), ""] }[told.code];
  const title = known?.[0] ?? (told.code === "store" ? t("store_trouble") : t("failed"));
  const lines = known ? [known[1]] : [
    [told.where, told.what].filter(Boolean).join(": "), told.expected && `expected ${told.expected}`, told.remedy];
  return h("div", { class: "notice trouble", role: "alert" }, h("p", { class: "notice-title" }, title),
    lines.filter(Boolean).map((line) => h("p", {}, line)),
    retry ? h("button", { type: "button", onclick: retry }, told.code === "no_csrf" ? t("reload") : t("retry")) : null);
}

export function say(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  setTimeout(() => { live.textContent = text; }, 50);
}
