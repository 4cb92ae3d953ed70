// Single-key shortcuts: never while somebody types, never with a modifier, and they can be switched off.
import { showHelp } from "./shell.js";
import { go, stored } from "./state.js";

const ACTS = {
  "/": () => document.getElementById("search")?.focus(),
  "?": showHelp,
  "[": () => go(document.getElementById("earlier").getAttribute("href")),
  "]": () => go(document.getElementById("later").getAttribute("href")),
  r: () => document.getElementById("refresh")?.click(),
  j: () => document.querySelector(".queue a.strong")?.focus(),
};

export function keyboard() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.defaultPrevented || typing || event.ctrlKey || event.metaKey || event.altKey || stored("keys", "on") !== "on") return;
    const act = ACTS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
