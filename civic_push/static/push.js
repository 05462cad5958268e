// Browser push on every page: keeps this browser's subscription in order, shows what needs
// JavaScript, asks for permission only after a press of a button. Words stand in the pages.
"use strict";

const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
// iPhones and iPads have pushes only for web apps on the home screen; their browsers, and no
// others, say whether the page was opened from there
const needsHomeScreen = !able && navigator.standalone === false;
const KEY = document.currentScript.dataset.key;

function show(element, visible = true) {
  if (element) element.hidden = !visible;
}

async function worker() {
  await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
  return navigator.serviceWorker.ready;
}

// Permission taken away, a subscription the browser lost, a newer key of the town: mend it or
// tell the server. Does nothing in a browser that is not signed up.
async function heal() {
  const before = await recall();
  if (!before) return;
  if (Notification.permission !== "granted") {
    const answer = await post("/push/abmelden", { subscription: before, revoked: true });
    if (answer.ok) await forget();
    return;
  }
  const registration = await worker();
  const now = await registration.pushManager.getSubscription();
  if (now && now.endpoint === before.endpoint && before.key === KEY) return;
  await renew(registration, KEY, before);
}

function prepareStep(step) {
  const state = (...names) => step.querySelectorAll("[data-push-state]").forEach(
    (part) => show(part, names.includes(part.dataset.pushState)));
  if (needsHomeScreen) return state("home-screen");
  if (!able || !step.dataset.key) return state("missing");
  if (Notification.permission === "denied") return state("denied");
  state("ask");
  step.querySelector("[data-push-start]").addEventListener("click", async () => {
    state("working");
    try {
      const permission = await Notification.requestPermission();
      if (permission === "denied") return state("denied");
      if (permission !== "granted") return state("undecided", "ask"); // closed, not answered
      const subscription = await subscribe(await worker(), step.dataset.key);
      const known = described(subscription, step.dataset.key);
      const answer = await post("/push/anmelden", { subscription: known }, step.dataset.token);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      await remember(known);
      state("on");
    } catch (error) {
      console.error(error);
      state("failed", "ask");
    }
    return undefined;
  });
  return undefined;
}

function prepareManaging(part, subscription) {
  const tell = (name) => part.querySelectorAll("[data-push-told]").forEach(
    (words) => show(words, words.dataset.pushTold === name));
  const ask = async (path) => {
    tell("");
    try {
      const answer = await post(path, { subscription });
      if (answer.ok) return answer;
      tell({ 404: "unknown", 429: "enough" }[answer.status] || "failed");
    } catch {
      tell("failed");
    }
    return null;
  };
  const on = (name, deed) => part.querySelector(`[data-push-${name}]`)
    .addEventListener("click", deed);
  show(part);
  show(part.querySelector("[data-push-buttons]"));
  on("preferences", async () => {
    const answer = await ask("/push/einstellungen");
    if (answer) window.location.assign((await answer.json()).url);
  });
  on("test", async () => { if (await ask("/push/probe")) tell("tested"); });
  on("stop", async () => {
    if (!await ask("/push/abmelden")) return;
    const registration = await navigator.serviceWorker.getRegistration("/");
    const now = registration && await registration.pushManager.getSubscription();
    if (now) await now.unsubscribe();
    await forget();
    show(part.querySelector("[data-push-buttons]"), false);
    tell("off");
  });
}

async function prepare() {
  if (able) document.querySelectorAll("[data-push-only]").forEach((part) => show(part));
  else if (needsHomeScreen) show(document.querySelector("[data-push-ios]"));
  document.querySelectorAll("[data-push-step]").forEach(prepareStep);
  if (able && KEY) {
    // without network, or with storage forbidden, the next page tries again
    await heal().catch((error) => console.warn(error));
  }
  const subscription = able ? await recall().catch(() => null) : null;
  document.querySelectorAll("[data-push-none]").forEach((part) => show(part, !subscription));
  if (!subscription) return;
  document.querySelectorAll("[data-push-manage]").forEach(
    (part) => prepareManaging(part, subscription));
}

prepare();
if ("serviceWorker" in navigator && matchMedia("(display-mode: standalone)").matches) {
  worker().catch((error) => console.warn(error)); // an installed app works without network
}
