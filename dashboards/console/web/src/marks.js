// Severities, states and verdicts: always a shape and a word beside the colour.
import { h } from "./dom.js";
import { label } from "./words.js";

const SHAPES = { critical: "◆", high: "▲", medium: "●", low: "▽", good: "✓", notice: "●", warning: "▲" };

export function severity(code) {
  return h("span", { class: ["mark", `severity-${code}`] }, h("span", { "aria-hidden": "true" }, SHAPES[code] ?? "?"), label(code));
}

const STATES = { open: "○", acknowledged: "◔", in_progress: "◑", closed: "✓", false_positive: "✕" };

export function status(code) {
  return h("span", { class: ["mark", `status-${code}`] }, h("span", { "aria-hidden": "true" }, STATES[code] ?? "○"), label(code));
}

const BAD = new Set(["no_conduit", "wrong_initiator", "wrong_segment", "unsanitized", "unattributed", "wrong_app"]);
const ODD = new Set(["out_of_hours", "expired_conduit", "permitted_excess"]);

export const verdictLevel = (code) => (BAD.has(code) ? "bad" : ODD.has(code) ? "odd" : code === "permitted" ? "good" : "plain");

export function verdict(code) {
  const level = verdictLevel(code);
  return h("span", { class: ["mark", `verdict-${level}`] },
    h("span", { "aria-hidden": "true" }, { bad: "✕", odd: "△", good: "○", plain: "–" }[level]), label(code));
}

export function outcome(code) {
  return h("span", { class: ["mark", `outcome-${code}`] },
    h("span", { "aria-hidden": "true" }, { established: "⇄", attempted: "⇥" }[code] ?? "?"), label(code));
}

export function levelMark(level) {
  return h("span", { class: `level-${level}`, "aria-hidden": "true" }, level === "critical" ? "◆" : (SHAPES[level] ?? ""));
}
