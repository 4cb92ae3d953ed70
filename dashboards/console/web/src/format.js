// Numbers and times as people read them; the same in both languages but for the words around them.
import { stored } from "./state.js";

const PREFIXES = ["", "k", "M", "G", "T", "P"];
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const broken = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

export const zone = () => stored("time", "local");

function scaled(value, base, unit) {
  let i = 0;
  let rest = Math.abs(value);
  while (rest >= base && i < PREFIXES.length - 1) {
    rest /= base;
    i += 1;
  }
  const text = rest >= 100 || (i === 0 && Number.isInteger(rest)) ? whole.format(rest) : rest.toPrecision(3).replace(/\.?0+$/, "");
  return `${value < 0 ? "−" : ""}${text} ${PREFIXES[i]}${unit}`.trimEnd();
}

/** A number in its unit. short: for axes and cells with little room. */
export function quantity(value, unit, short = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value !== "number") return String(value);
  switch (unit) {
    case "bytes": return scaled(value, 1000, "B");
    case "bit/s": return scaled(value, 1000, "bit/s");
    case "packets/s": return scaled(value, 1000, "pps");
    case "1/s": return `${scaled(value, 1000, "")}/s`;
    case "s": return duration(value);
    case "share": return `${(value * 100).toFixed(value !== 0 && Math.abs(value) < 0.1 ? 1 : 0)} %`;
    case "time": return time(value * 1000);
    default:
      if (short && Math.abs(value) >= 10000) return scaled(value, 1000, "").replace(" ", "");
      return Number.isInteger(value) ? (unit === "" ? String(value) : whole.format(value)) : broken.format(value);
  }
}

/** Seconds as a length of time. */
export function duration(seconds) {
  if (seconds === 0) return "0 s";
  if (seconds < 1e-3) return `${(seconds * 1e6).toPrecision(3)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(3)} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = parts.findIndex(([size]) => seconds >= size);
  let rest = Math.round(seconds / (parts[first + 1]?.[0] ?? 1)) * (parts[first + 1]?.[0] ?? 1);
  return parts.slice(first, first + 2).map(([size, name]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count ? `${count} ${name}` : "";
  }).filter(Boolean).join(" ");
}

/** ClickHouse's text of a time (UTC) in ms, or NaN. */
export function parsed(text) {
  const found = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,3})?/.exec(text);
  return found ? Date.parse(`${found[1]}T${found[2]}${found[3] ?? ""}Z`) : NaN;
}

const two = (n, width = 2) => String(n).padStart(width, "0");

function parts(ms) {
  const d = new Date(ms);
  return zone() === "utc"
    ? [d.getUTCFullYear(), d.getUTCMonth() + 1, d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds(), d.getUTCMilliseconds()]
    : [d.getFullYear(), d.getMonth() + 1, d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds(), d.getMilliseconds()];
}

/** An instant in the chosen time zone; digits of a second only where they are wanted. */
export function time(ms, { digits = false, seconds = true } = {}) {
  if (!Number.isFinite(ms)) return "–";
  const [year, month, day, hour, minute, second, thousandth] = parts(ms);
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}${seconds ? `:${two(second)}` : ""}${digits ? `.${two(thousandth, 3)}` : ""}`;
}

/** The value of a datetime-local input for an instant, and back. */
export const inputValue = (ms) => time(ms).replace(" ", "T");
export function inputInstant(text) {
  const full = /T\d\d:\d\d$/.test(text) ? `${text}:00` : text;
  return Date.parse(zone() === "utc" ? `${full}Z` : full);
}

export function zoneName() {
  return zone() === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Address and port of one side of a row, as `sekisho alerts` writes it. */
export function endpoint(row, side) {
  const [ip, port] = [row[`${side}_ip`], row[`${side}_port`]];
  if (ip === "::") return port ? `*:${port}` : "*";
  const bits = side === "dst" ? (row.dst_prefix_bits ?? 128) : 128;
  if (bits !== 0 && bits !== 128) return `${ip}/${ip.includes(".") ? bits - 96 : bits}`;
  if (!port) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

const PROTOCOLS = { 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 89: "OSPF", 112: "VRRP", 132: "SCTP" };
export const protocol = (number) => PROTOCOLS[number] ?? String(number);
