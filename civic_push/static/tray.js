/* Keys for the tray. They can be switched off (WCAG 2.1.4), and never work while somebody
   types or chooses, or together with Ctrl, Alt or the command key. */
"use strict";

(() => {
  const STORE = "civic-push-tray-keys";
  const help = document.querySelector(".tray-keys");
  const entries = [...document.querySelectorAll(".tray-entry")];
  const toggle = document.getElementById("tasten");
  help.hidden = false;

  const wanted = () => {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true; // no storage: they work until the box is unticked on this page
    }
  };
  toggle.checked = wanted();
  toggle.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, toggle.checked ? "on" : "off");
    } catch { /* it holds for this page then */ }
  });

  const current = () => document.activeElement.closest(".tray-entry");
  const go = (step) => {
    const at = entries.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : entries.length - 1) : at + step;
    entries[next]?.focus();
  };
  const press = (selector) => document.querySelector(selector)?.click();
  const KEYS = {
    j: () => go(1),
    k: () => go(-1),
    x: () => current()?.querySelector("[data-key=x]")?.click(),
    e: () => current()?.querySelector("[data-key=e]")?.click(),
    d: () => current()?.querySelector("[data-key=d]")?.click(),
    m: () => press(".tray-bar [value=zusammenfuehren]"),
    u: () => press(".tray-undo [data-key=u]"),
    "?": () => {
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    },
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest(
      "input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (!toggle.checked || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
