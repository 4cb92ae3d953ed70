// One alert: why, in numbers, by which line of the policy, its flow and packets, what to do first, and what was done.
import { get, post } from "./api.js";
import { fill, h } from "./dom.js";
import { endpoint, parsed, protocol, quantity, time } from "./format.js";
import { flowTable } from "./flows.js";
import * as marks from "./marks.js";
import { loading, say, trouble } from "./notices.js";
import { actorInput } from "./queue.js";
import { address, state } from "./state.js";
import { heading, label, lang, t, zoneName } from "./words.js";

const base = (run, id) => `/api/alert/${encodeURIComponent(run)}/${id}`;

/** The page of an alert; title is told when it is known. */
export function alertView(run, id, { titled }) {
  const element = h("div", { class: "alert-page" }, loading());
  const load = async (signal) => {
    try {
      const told = await get(`${base(run, id)}?lang=${lang()}`, signal);
      if (signal.aborted) return;
      draw(element, told, titled);
      if (told.flows.length) await addPackets(element, run, id, signal);
    } catch (error) {
      if (error.name !== "AbortError") fill(element, trouble(error, () => load(signal)));
    }
  };
  return { element, load, dispose() {} };
}

const block = (title, ...content) => h("section", { class: "panel block" }, h("header", { class: "panel-head" }, h("h2", {}, title)), h("div", { class: "block-body" }, content));

const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
  .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

function draw(element, told, titled) {
  const { alert } = told;
  const japanese = lang() === "ja";
  const name = (japanese && alert.signature_ja) || alert.signature;
  titled(name);
  const status = h("span", { class: "alert-status" }, marks.status(told.status));
  const missing = h("ul", { class: "missing" }, told.missing.map((line) => h("li", {}, line)));
  fill(element, h("div", { class: "alert-head" }, marks.severity(alert.severity), h("span", {}, time(parsed(alert.start_ns))),
    h("span", {}, [alert.src_zone, alert.dst_zone].map((zone) => (zone ? zoneName(zone) : "–")).join(" → ")), marks.outcome(alert.outcome), status),
    h("div", { class: "columns" },
      h("div", { class: "column" },
        block(t("why"), h("p", { class: "why-text" }, (japanese && alert.why_ja) || alert.why), numbers(alert)),
        evidence(told), policy(told),
        told.flows.length ? block(t("flow"), flowTable(told.flows), h("p", {}, h("a", { href: pairAddress(alert) }, t("related_flows")))) : null,
        told.revisions.length > 1 ? block(t("revisions"), revisions(told.revisions)) : null,
        h("div", { id: "packets" }), told.missing.length ? block(t("missing"), missing) : null),
      h("div", { class: "column side" }, response(told, status), told.runbook ? block(t("steps"), steps(told.runbook)) : null, origin(told))));
}

function pairAddress(alert) {
  const around = [parsed(alert.start_ns) - 9e5, parsed(alert.end_ns) + 9e5];
  const own = { from: Math.max(0, Math.floor(around[0])), to: Math.ceil(around[1]), severity: null };
  for (const side of ["src", "dst"]) if (alert[`${side}_ip`] !== "::") own[side] = alert[`${side}_ip`];
  return address("/p/flows", own);
}

function numbers(alert) {
  if (!alert.threshold && !alert.measured) return null;
  const most = Math.max(alert.measured, alert.peak, alert.threshold) || 1;
  const row = (name, value, tone) => {
    const bar = h("span", { class: ["bar", tone] });
    bar.style.setProperty("--part", `${(value / most) * 100}%`);
    return h("tr", {}, h("th", { scope: "row" }, t(name)), h("td", { class: "bar-cell", "aria-hidden": "true" }, bar), h("td", { class: "number" }, quantity(value, "count")));
  };
  return h("table", { class: "ranking" }, h("caption", {}, heading(alert.measure)),
    h("tbody", {}, row("measured", alert.measured, "tone-accent"), alert.peak > alert.measured ? row("peak", alert.peak, "tone-accent") : null, row("threshold", alert.threshold, "tone-plain")));
}

function evidence({ alert }) {
  const host = (side) => (alert[`${side}_ip`] === "::" || (side === "dst" && ![0, 128].includes(alert.dst_prefix_bits)) ? endpoint(alert, side)
    : h("a", { href: address("/p/host", { ip: alert[`${side}_ip`] }) }, endpoint(alert, side)));
  const moment = (name) => time(parsed(alert[name]), { digits: true });
  return block(t("evidence"), facts([
    [t("first_evidence"), moment("start_ns")], [t("last_evidence"), moment("end_ns")], [t("source"), host("src")],
    [t("destination"), [host("dst"), ` ${protocol(alert.proto)}`]],
    [t("zones"), [alert.src_zone, alert.dst_zone].map((zone) => (zone ? zoneName(zone) : "–")).join(" → ")],
    [t("verdict"), marks.verdict(alert.verdict)], [t("outcome"), marks.outcome(alert.outcome)], [t("certainty"), label(alert.direction_certainty)],
    [t("state"), label(alert.state)], [t("events"), quantity(alert.events, "count")], [t("property"), label(alert.property)],
    [t("technique"), alert.technique], [t("clause"), alert.clause],
  ]));
}

function policy(told) {
  const entries = Object.entries(told.conduit).filter(([, value]) => value !== "");
  if (!entries.length && !told.policy_known) return null;
  return block(t("policy_line"), entries.length ? facts(entries.map(([name, value]) => [label(name), String(value)])) : h("p", {}, t("deny")),
    told.differs.length ? h("p", {}, `${t("differs")}: ${told.differs.map(label).join(", ")}`) : null);
}

function revisions(list) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("revisions") }, h("table", {}, h("thead", {}, h("tr", {},
    ["revision", "time", "state", "severity", "measured", "events"].map((name) => h("th", { scope: "col", class: ["revision", "measured", "events"].includes(name) ? "number" : null }, t(name))))),
  h("tbody", {}, list.map((row) => h("tr", {}, h("td", { class: "number" }, row.revision), h("td", { class: "nowrap" }, time(parsed(row.ts_ns))), h("td", {}, label(row.state)),
    h("td", {}, marks.severity(row.severity)), h("td", { class: "number" }, quantity(row.measured, "count")), h("td", { class: "number" }, quantity(row.events, "count")))))));
}

const steps = (runbook) => h("ol", { class: "steps" }, runbook.split("\n").map((line) => h("li", {}, line.replace(/^\d+\. /, ""))));

function origin({ alert, run }) {
  const digest = (name) => (alert[name] ? h("code", { title: alert[name] }, alert[name].slice(0, 16)) : "");
  return block(t("origin"), facts([
    [t("detector"), `${alert.detector} ${alert.gid}:${alert.signature_id}:${alert.rev}`], [t("alert"), h("code", {}, String(alert.alert_id))],
    [t("run"), `${run.run_id} (${label(run.status)})`], [t("site"), run.site], [t("sensor"), run.sensor], [t("captures"), (run.captures ?? []).join(", ")],
    [`${t("digests")}: policy`, digest("policy_digest")], ["config", digest("config_digest")], ["rules", digest("ruleset_digest")],
  ]));
}

function response(told, statusMark) {
  const { alert } = told;
  const actor = actorInput(state.facts.actor);
  const comment = h("textarea", { name: "comment", rows: 3, maxlength: 2000 });
  const problem = h("p", { class: "trouble-text", role: "alert" });
  const history = h("div", {});
  const show = (now) => {
    fill(statusMark, marks.status(now.status));
    fill(history, past(now.actions));
    fill(buttons, choices(now.status).map((action, i) => h("button", { type: "button", class: i === 0 ? "primary" : null, "data-action": action, onclick: () => act(action) }, t(`do_${action}`))));
  };
  const act = async (action) => {
    problem.textContent = "";
    try {
      const now = await post(`${base(alert.run_id, alert.alert_id)}/actions`, { action, actor: actor.value(), comment: comment.value });
      comment.value = "";
      show(now);
      say(t("saved"));
    } catch (error) {
      problem.textContent = [error.told?.what, error.told?.remedy].filter(Boolean).join("; ") || String(error);
    }
  };
  const buttons = h("div", { class: "buttons" });
  show(told);
  return block(t("handle"), actor.element, h("label", { class: "field stacked" }, h("span", {}, t("comment_label")), comment), buttons, problem,
    h("h3", {}, t("history")), history);
}

const choices = (status) => ({ open: ["acknowledged", "in_progress", "closed", "false_positive"], acknowledged: ["in_progress", "closed", "false_positive"],
  in_progress: ["closed", "false_positive", "acknowledged"] }[status] ?? ["reopened"]).concat("comment");

function past(actions) {
  if (!actions.length) return h("p", { class: "faint" }, t("no_history"));
  return h("ol", { class: "history", reversed: true }, [...actions].reverse().map((one) => h("li", {},
    h("p", {}, one.action === "comment" ? h("span", { class: "mark" }, `✎ ${t("comment")}`) : marks.status(one.action), " ", h("b", {}, one.actor), " ", h("span", { class: "faint" }, time(parsed(one.at)))),
    one.comment ? h("p", { class: "comment" }, one.comment) : null)));
}

async function addPackets(element, run, id, signal) {
  const place = element.querySelector("#packets");
  fill(place, block(t("packets"), h("p", { class: "faint loading", role: "status" }, h("span", { class: "pulse" }), t("packets_loading"))));
  try {
    const found = await get(`${base(run, id)}/packets?lang=${lang()}`, signal);
    if (signal.aborted) return;
    const why = found.missing.filter((line) => /^(packets|dissection)/.test(line)).map((line) => h("p", { class: "faint" }, line));
    fill(place, block(t("packets"), found.packets.length ? found.packets.map(packet) : h("p", {}, t("no_packets")), why));
  } catch (error) {
    if (error.name !== "AbortError") fill(place, block(t("packets"), trouble(error, () => addPackets(element, run, id, signal))));
  }
}

function packet(one, i) {
  return h("details", { class: "packet", open: i === 0 }, h("summary", {}, h("b", {}, `#${one.packet_number}`), ` ${time(parsed(one.timestamp), { digits: true })} `, h("span", {}, one.summary)),
    one.layers.map((layer) => h("details", { class: "layer" }, h("summary", {}, layer.layer.toUpperCase(), " ", h("span", { class: "faint" }, gist(layer.lines))), h("pre", {}, layer.lines.join("\n")))),
    h("details", { class: "layer" }, h("summary", {}, t("frame")), h("pre", { class: "hex" }, dump(one.frame))));
}

/** The first lines of a layer that say something by themselves (others only take apart the bits of a field). */
const gist = (lines) => lines.filter((line) => !/^[. 01]+ = /.test(line)).slice(0, 3).join(" · ");

/** A frame as a hex dump with its printable letters. */
function dump(hex) {
  const bytes = hex.match(/../g) ?? [];
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.slice(at, at + 16);
    const letters = part.map((two) => {
      const code = parseInt(two, 16);
      return code >= 32 && code < 127 ? String.fromCharCode(code) : ".";
    });
    lines.push(`${at.toString(16).padStart(4, "0")}  ${part.join(" ").padEnd(47)}  ${letters.join("")}`);
  }
  return lines.join("\n");
}
