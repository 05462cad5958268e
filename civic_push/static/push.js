// Browser push: shows what needs JavaScript, asks for permission only after a press of a
// button, and hands the subscription to the server. Words stand in the page, not here.
"use strict";

const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const MEMORY = "push"; // the cache in which the service worker finds the last subscription

function show(element, visible = true) {
  if (element) element.hidden = !visible;
}

function bytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function post(path, body, token) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (token) headers["X-CSRFToken"] = token;
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function currentSubscription() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return registration ? registration.pushManager.getSubscription() : null;
}

// Firefox and Chromium may tell of a changed subscription without naming the old one.
async function remember(subscription, key) {
  const cache = await caches.open(MEMORY);
  await cache.put("/push/stand", new Response(JSON.stringify({ subscription, key })));
}

async function subscribe(key) {
  const registration = await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
  await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  try {
    return await registration.pushManager.subscribe(options);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    // subscribed under another key, for example before the town renewed its own
    const old = await registration.pushManager.getSubscription();
    if (old) await old.unsubscribe();
    return registration.pushManager.subscribe(options);
  }
}

function prepareStep(step) {
  const state = (name) => step.querySelectorAll("[data-push-state]").forEach(
    (part) => show(part, part.dataset.pushState === name));
  if (!able || !step.dataset.key) return state("missing");
  if (Notification.permission === "denied") return state("denied");
  state("ask");
  step.querySelector("[data-push-start]").addEventListener("click", async () => {
    state("working");
    try {
      if (await Notification.requestPermission() !== "granted") return state("denied");
      const subscription = await subscribe(step.dataset.key);
      const answer = await post("/push/anmelden", { subscription }, step.dataset.token);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      await remember(subscription, step.dataset.key);
      state("on");
    } catch (error) {
      console.error(error);
      state("failed");
      show(step.querySelector('[data-push-state="ask"]'));
    }
  });
  return undefined;
}

async function prepareManaging(part) {
  const subscription = able ? await currentSubscription() : null;
  if (!subscription) return;
  show(part);
  part.querySelector("[data-push-preferences]").addEventListener("click", async () => {
    const answer = await post("/push/einstellungen", { subscription });
    if (answer.ok) window.location.assign((await answer.json()).url);
    else show(part.querySelector("[data-push-unknown]"));
  });
  part.querySelector("[data-push-stop]").addEventListener("click", async () => {
    await post("/push/abmelden", { subscription });
    await subscription.unsubscribe();
    show(part.querySelector("[data-push-off]"));
  });
}

if (able) document.querySelectorAll("[data-push-only]").forEach((part) => show(part));
else if (/iPad|iPhone/.test(navigator.userAgent)) show(document.querySelector("[data-push-ios]"));
document.querySelectorAll("[data-push-step]").forEach(prepareStep);
document.querySelectorAll("[data-push-manage]").forEach(prepareManaging);
