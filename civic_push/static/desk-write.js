// Writing with a script: what is typed is kept on the server every few seconds, and in the
// browser while there is no connection; help comes after each pause; what is pasted becomes
// Markdown. Without it the same form works by its buttons. Words stand in the page. A module,
// because device.js has names like these.

const form = document.querySelector("form[data-write]");
const KEEP_AFTER = 4000; // milliseconds of silence
const HELP_AFTER = 800;
const TRY_AGAIN = 15000;
const LOST = `civic-push-text:${form.dataset.write}`;
const kept = form.querySelector("[data-kept]");
const news = form.querySelector("[data-news]");
const box = document.querySelector("[data-lost]");
let changed = false;
let keeping = false;
let released = Promise.resolve(); // while a button is pressed nothing moves it: that press would be lost
let asked = 0; // how often help was asked for: answers that were overtaken are dropped

function later(deed, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(deed, wait);
  };
}

function say(place, words) {
  if (place.textContent !== words) place.textContent = words; // or it would be read out again
}

async function send(url, body) {
  const answer = await fetch(url, {
    method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.problem ?? "");
  return told;
}

// the browser's own copy, for when the server cannot be reached

function store() {
  const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  try {
    localStorage.setItem(LOST, JSON.stringify(fields));
  } catch { /* a browser that stores nothing: the page itself still holds the text */ }
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(LOST));
  } catch {
    return null;
  }
}

function drop() {
  try {
    localStorage.removeItem(LOST);
  } catch { /* nothing was stored */ }
  box.hidden = true;
}

function fillIn(fields) {
  const values = new Map();
  fields.forEach(([name, value]) => values.set(name, [...(values.get(name) ?? []), value]));
  for (const field of form.elements) {
    if (!field.name || field.name === "csrf_token" || field.type === "submit") continue;
    const wanted = values.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = wanted.includes(field.value);
    } else {
      field.value = wanted[0] ?? "";
    }
  }
  const picture = values.get("picture");
  if (picture && !form.elements.picture) { // of a copy; this page has no tick for it
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "picture" });
    field.value = picture[0];
    form.append(field);
  }
}

async function offerLost() {
  const fields = stored();
  if (!fields) return;
  const key = new Map(fields).get("form");
  if (key === form.elements.form.value) {
    drop(); // the page came back with this very text
    return;
  }
  try {
    const answer = await fetch(`${form.dataset.saved}?form=${encodeURIComponent(key)}`,
      { headers: { Accept: "application/json" }, redirect: "error" });
    if ((await answer.json()).saved) {
      drop();
      return;
    }
  } catch { /* not known: better offered once too often */ }
  box.hidden = false;
  box.querySelector("[data-take-lost]").addEventListener("click", () => {
    fillIn(fields);
    box.hidden = true;
    touched();
    form.querySelector("input[type=text], textarea").focus();
  });
  box.querySelector("[data-drop-lost]").addEventListener("click", drop);
}

// keeping on the server

async function keep() {
  if (!changed || keeping) return;
  keeping = true;
  changed = false;
  try {
    const told = await send(form.dataset.keep, new FormData(form));
    await released;
    say(kept, told.kept);
    say(news, told.news);
    drop();
  } catch (error) {
    changed = true;
    store();
    const lost = error instanceof TypeError || error instanceof SyntaxError;
    say(kept, (lost ? "" : error.message) || form.dataset.offline);
  }
  keeping = false;
}

// help

async function help() {
  const mine = ++asked;
  let told;
  try {
    told = await send(form.dataset.helpUrl, new FormData(form));
  } catch {
    return; // it comes with the next pause
  }
  await released;
  if (mine !== asked) return;
  for (const place of form.querySelectorAll("[data-help]")) {
    const fragment = told.fragments[place.dataset.help];
    if (fragment === undefined || place.dataset.shown === fragment) continue;
    const open = place.querySelector("details")?.open;
    const inside = place.contains(document.activeElement);
    if (inside) continue; // nothing vanishes from under somebody's finger
    place.innerHTML = fragment;
    place.dataset.shown = fragment;
    const details = place.querySelector("details");
    if (details && open) details.open = true;
  }
}

// translations: the German text beside them, and how far they are

function compare() {
  for (const shown of form.querySelectorAll("[data-german]")) {
    const words = form.elements[shown.dataset.german].value.trim();
    shown.classList.toggle("muted", !words);
    say(shown, words || shown.dataset.empty);
  }
  for (const language of form.querySelectorAll("[data-language]")) {
    const has = (selector) => [...language.querySelectorAll(selector)].map((f) => f.value.trim());
    const state = has("[data-needed]").every(Boolean) ? "complete"
      : has("input[type=text], textarea").some(Boolean) ? "begun" : "missing";
    for (const sign of language.querySelectorAll("[data-sign]")) {
      sign.hidden = sign.dataset.sign !== state;
    }
  }
}

const keepSoon = later(keep, KEEP_AFTER);
const helpSoon = later(help, HELP_AFTER);

function touched() {
  changed = true;
  compare();
  keepSoon();
  helpSoon();
}

function take(button) {
  const [, kind, number] = button.value.split(":");
  const tick = form.querySelector(`input[name="${kind}"][value="${number}"]`);
  if (!tick) return;
  tick.checked = true;
  if (kind === "places") form.querySelector("input[name=where][value=places]").checked = true;
  tick.focus();
  touched();
}

async function paste(event) {
  const html = event.clipboardData?.getData("text/html");
  if (!html) return;
  event.preventDefault();
  const field = event.target;
  const [from, to] = [field.selectionStart, field.selectionEnd];
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set("html", html);
  let words = event.clipboardData.getData("text/plain");
  try {
    words = (await send(form.dataset.paste, body)).markdown;
  } catch { /* plain words are better than none */ }
  field.focus();
  field.setSelectionRange(from, to);
  // the old command is the only one that can be undone
  if (!document.execCommand("insertText", false, words)) field.setRangeText(words, from, to, "end");
  touched();
}

window.addEventListener("pointerdown", () => {
  released = new Promise((done) => ["pointerup", "pointercancel"].forEach(
    (name) => window.addEventListener(name, () => setTimeout(done), { once: true })));
});
form.addEventListener("input", touched);
form.addEventListener("change", touched);
form.addEventListener("focusout", keep);
form.addEventListener("submit", store); // gone again when the server has it
form.addEventListener("click", (event) => {
  const button = event.target.closest("button[value^='take:']");
  if (!button) return;
  event.preventDefault();
  take(button);
});
form.querySelectorAll("[data-markdown]").forEach((field) => field.addEventListener("paste", paste));
window.addEventListener("online", keep);
document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
setInterval(keep, TRY_AGAIN);
form.querySelector("[data-live]").hidden = false;
compare(); // a browser may have filled in what stood here before
help();
offerLost();
