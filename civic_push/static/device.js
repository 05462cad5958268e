// What pages and the service worker share: this browser's push subscription, and the pushes
// that came to it. All of it stays on this device.
"use strict";

const MEMORY = "push"; // cache: the subscription we told the server of, and its key
const KEPT = 50; // announcements in the inbox

function bytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function text(buffer) {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function post(path, body, token) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (token) headers["X-CSRFToken"] = token;
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

// The key a subscription was made with; "" where the browser does not say.
function keyOf(subscription) {
  const key = subscription.options && subscription.options.applicationServerKey;
  return key ? text(key) : "";
}

// A subscription as the server takes it.
function described(subscription, key) {
  return { ...subscription.toJSON(), key: keyOf(subscription) || key };
}

async function recall() {
  if (!await caches.has(MEMORY)) return null; // opening it would make it, on every visitor's device
  const cache = await caches.open(MEMORY);
  const kept = await cache.match("/push/stand");
  return kept ? kept.json() : null;
}

async function remember(subscription) {
  const cache = await caches.open(MEMORY);
  await cache.put("/push/stand", new Response(JSON.stringify(subscription)));
}

async function forget() {
  const cache = await caches.open(MEMORY);
  await cache.delete("/push/stand");
}

async function subscribe(registration, key) {
  const before = await registration.pushManager.getSubscription();
  // made with another key, for example before the town renewed its own: a browser has one
  if (before && keyOf(before) !== key) await before.unsubscribe();
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  return registration.pushManager.subscribe(options);
}

// Give the server this browser's present subscription in the place of the one it knows. What
// is remembered changes only when the server has taken it, so a break is mended next time.
async function renew(registration, key, before) {
  const subscription = await subscribe(registration, key);
  const after = described(subscription, key);
  if (after.endpoint === before.endpoint && after.key === before.key) return;
  const answer = await post("/push/wechsel", { old: before, new: after });
  if (answer.ok) await remember(after);
  if (answer.status === 404) { // signed out elsewhere
    await subscription.unsubscribe();
    await forget();
  }
}

function inbox(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("posteingang", 1);
    opening.onupgradeneeded = () => opening.result
      .createObjectStore("meldungen", { keyPath: "tag" }).createIndex("at", "at");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction("meldungen", mode);
      const result = work(transaction.objectStore("meldungen"));
      transaction.oncomplete = () => { database.close(); resolve(result && result.result); };
      transaction.onabort = () => { database.close(); reject(transaction.error); };
    };
  });
}

// Keep a push. One with the same tag, which it corrects, goes; so do the oldest.
function keep(message) {
  return inbox("readwrite", (store) => {
    store.put({ ...message, at: Date.now(), seen: false });
    const oldest = store.index("at").getAllKeys();
    oldest.onsuccess = () => oldest.result.slice(0, -KEPT).forEach((tag) => store.delete(tag));
  });
}

// All kept pushes, newest first.
async function kept() {
  return (await inbox("readonly", (store) => store.index("at").getAll())).reverse();
}

function clearInbox() {
  return inbox("readwrite", (store) => store.clear());
}

// Show on the app's icon how many are new; only installed apps have one.
async function count() {
  if (!("setAppBadge" in navigator)) return;
  const fresh = (await kept()).filter((message) => !message.seen).length;
  await (fresh ? navigator.setAppBadge(fresh) : navigator.clearAppBadge());
}

async function markSeen() {
  await inbox("readwrite", (store) => {
    const all = store.getAll();
    all.onsuccess = () => all.result.filter((message) => !message.seen)
      .forEach((message) => store.put({ ...message, seen: true }));
  });
  await count();
}
