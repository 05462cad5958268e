// Shows pushes, opens the announcement when one is pressed, and tells the server when the
// browser gets a new subscription.
"use strict";

const ARCHIVE = "/meldungen";
const MEMORY = "push"; // written by push.js

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// A push must always show something: browsers take the permission away from sites whose
// pushes show nothing.
function read(data) {
  const english = navigator.language.startsWith("en");
  const fallback = {
    title: english ? "New announcement" : "Neue Meldung",
    body: english ? "Open the page to read it." : "Öffnen Sie die Seite, um sie zu lesen.",
    lang: english ? "en" : "de",
  };
  try {
    const message = data.json();
    return typeof message.title === "string" && message.title ? message : fallback;
  } catch {
    return fallback;
  }
}

self.addEventListener("push", (event) => {
  const message = read(event.data);
  event.waitUntil(self.registration.showNotification(message.title, {
    body: message.body || "",
    tag: message.tag || undefined,
    lang: message.lang || "de",
    dir: message.dir || "auto",
    icon: "/static/icons/icon-192.png",
    badge: "/static/icons/badge.png",
    requireInteraction: message.urgency === "danger",
    data: { url: message.url || ARCHIVE },
  }));
});

// Only pages of our own: a payload shall not lead anywhere else.
function ownAddress(url) {
  try {
    const address = new URL(url, self.location.origin);
    if (address.origin === self.location.origin) return address.href;
  } catch {
    // not an address at all
  }
  return new URL(ARCHIVE, self.location.origin).href;
}

async function open(url) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const shown = windows.find((client) => client.url === url);
  return shown ? shown.focus() : self.clients.openWindow(url);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const data = event.notification.data || {};
  event.waitUntil(open(ownAddress(data.url || ARCHIVE)));
});

async function recall() {
  const cache = await caches.open(MEMORY);
  const kept = await cache.match("/push/stand");
  return kept ? kept.json() : {};
}

function bytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function tellChange(event) {
  const kept = await recall();
  const before = event.oldSubscription || kept.subscription;
  if (!before) return;
  const after = event.newSubscription || await self.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: kept.key ? bytes(kept.key) : event.oldSubscription.options.applicationServerKey,
  });
  const answer = await fetch("/push/wechsel", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ old: before, new: after }),
  });
  if (answer.ok) {
    const cache = await caches.open(MEMORY);
    await cache.put("/push/stand", new Response(JSON.stringify({ subscription: after, key: kept.key })));
  }
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(tellChange(event)));
