// The sign-up form with a script: one step at a time, a search that filters while typing, and
// a live expectation. Without it the same form works as one page. Words stand in the page.
"use strict";

const form = document.querySelector("form:has([data-places])");
const WAIT = 250; // milliseconds of silence before the server is asked

function later(deed) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(deed, WAIT);
  };
}

async function ask(url, options) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, ...options });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

// as subscriptions/streets.py folds names
function folded(text) {
  return text.toLowerCase().replace(/\s+\d+\s*[a-z]?$/, "").replace(/str\b\.?/, "strasse")
    .replaceAll("ß", "ss").replaceAll("ä", "ae").replaceAll("ö", "oe").replaceAll("ü", "ue")
    .normalize("NFKD").replace(/[^\p{L}\p{N}]/gu, "");
}

function prepareSearch(field) {
  const boxes = [...form.querySelectorAll("[data-place]")];
  const result = form.querySelector("[data-place-result]");
  const button = field.closest(".place-search").querySelector("button");
  const row = (box) => box.closest(".kern-form-check");
  const narrow = (fits) => boxes.forEach((box) => { row(box).hidden = !fits(box) && !box.checked; });
  const byName = (key) => (box) => box.dataset.place.split("|").some(
    (name) => name && folded(name).includes(key));

  function say(box, why) {
    let note = row(box).querySelector("[data-why]");
    if (!note && why) {
      note = document.createElement("p");
      note.className = "kern-hint check-hint";
      note.dataset.why = "";
      row(box).append(note);
    }
    if (note) note.textContent = why;
  }

  const askServer = later(async () => {
    const words = field.value;
    const body = new FormData();
    body.set("ort", words);
    body.set("csrf_token", form.elements.csrf_token.value);
    try {
      const answer = await ask(field.dataset.placeSearch, { method: "POST", body });
      if (words !== field.value) return; // typed on in the meantime
      const found = new Map(answer.found.map((one) => [String(one.id), one.why]));
      if (found.size) narrow((box) => found.has(box.value));
      else narrow(() => true);
      boxes.forEach((box) => say(box, found.get(box.value) ?? ""));
      result.textContent = answer.text;
    } catch (error) {
      console.error(error); // the names are filtered already; only streets are missing
    }
  });

  field.addEventListener("input", () => {
    const key = folded(field.value);
    boxes.forEach((box) => say(box, ""));
    result.textContent = "";
    const fits = key.length < 2 ? () => true : byName(key);
    narrow(boxes.some(fits) ? fits : () => true);
    if (key.length > 2) askServer();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // found already; not yet to be sent
  });
  button.hidden = true;
}

function prepareEstimate(place) {
  const refresh = later(async () => {
    const choices = new URLSearchParams();
    for (const name of ["ortsteil", "thema"])
      form.querySelectorAll(`[name=${name}]:checked`).forEach(
        (box) => choices.append(name, box.value));
    try {
      place.textContent = (await ask(`${place.dataset.estimate}?${choices}`)).text;
    } catch (error) {
      console.error(error);
    }
  });
  form.addEventListener("change", (event) => {
    if (["ortsteil", "thema"].includes(event.target.name)) refresh();
  });
  window.addEventListener("pageshow", refresh); // going back, the browser has ticked boxes again
}

function prepareSteps() {
  const steps = [...form.querySelectorAll("[data-step]")];
  const now = form.querySelector("[data-step-now]");
  const [stepper, buttons, back, next] = ["stepper", "step-buttons", "step-back", "step-next"].map(
    (name) => form.querySelector(`[data-${name}]`));
  let current = 0;

  function show(number, focus) {
    current = Math.min(Math.max(number, 0), steps.length - 1);
    steps.forEach((step, place) => { step.hidden = place !== current; });
    back.hidden = current === 0;
    next.hidden = current === steps.length - 1;
    now.textContent = now.dataset.words.replace("{number}", current + 1)
      .replace("{total}", steps.length).replace("{title}", steps[current].dataset.step);
    if (!focus) return;
    now.focus({ preventScroll: true });
    stepper.scrollIntoView();
  }

  function showAll() {
    steps.forEach((step) => { step.hidden = false; });
    stepper.hidden = buttons.hidden = true;
  }

  const lacks = (step) => step.querySelector("[data-step-error]")
    && ![...step.querySelectorAll("input")].some((one) => one.checked
      || (["email", "tel"].includes(one.type) && one.value.trim()));

  // the step that the history names, or the first one that a reload has emptied
  function wanted() {
    const step = (history.state && history.state.step) || 0;
    const empty = steps.findIndex(lacks);
    return empty < 0 ? step : Math.min(step, empty);
  }

  next.addEventListener("click", () => {
    const error = steps[current].querySelector("[data-step-error]");
    if (error) error.hidden = !lacks(steps[current]);
    if (error && !error.hidden) return;
    history.pushState({ step: current + 1 }, "");
    show(current + 1, true);
  });
  back.addEventListener("click", () => history.back());
  window.addEventListener("popstate", () => show(wanted(), true));
  form.querySelector("[data-step-all]").addEventListener("click", () => {
    showAll();
    form.querySelector("input[type=search]").focus();
  });
  form.addEventListener("keydown", (event) => { // Enter goes on, until the last step
    const typing = event.target.matches("input") && current < steps.length - 1;
    if (event.key !== "Enter" || stepper.hidden || !typing) return;
    event.preventDefault();
    if (event.target.type !== "search") next.click();
  });
  if (location.hash === "#alles") return;
  stepper.hidden = buttons.hidden = false;
  show(wanted(), false);
  // going back to this page, the browser has entered again what was there
  window.addEventListener("pageshow", () => { if (!stepper.hidden) show(wanted(), false); });
}

if (form) {
  form.querySelectorAll("[data-without-script]").forEach((part) => { part.hidden = true; });
  form.querySelectorAll("[data-place-search]").forEach(prepareSearch);
  form.querySelectorAll("[data-estimate]").forEach(prepareEstimate);
  if ("steps" in form.dataset) prepareSteps();
}
