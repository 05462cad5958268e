// Shows pushes and keeps them for the inbox, opens the announcement when one is pressed, tells
// the server when the browser gets a new subscription, and has pages for when there is no
// network. The server puts "use strict" and SHELL before this: the pages and files to keep.
/* global SHELL, count, described, forget, keep, recall, remember, renew */
importScripts(SHELL.find((path) => path.includes("/device.js")));

const ARCHIVE = "/meldungen";
const INBOX = "/posteingang";
const FILES = "files"; // cache: SHELL
const PAGES = "pages"; // cache: announcements that were read, to be read again
const READ = 30; // of them

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(FILES);
    await cache.addAll(SHELL.map((path) => new Request(path, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(FILES);
    const wanted = SHELL.map((path) => new URL(path, self.location.origin).href);
    for (const request of await cache.keys()) {
      if (!wanted.includes(request.url)) await cache.delete(request);
    }
    await self.clients.claim();
  })());
});

// Pages come from the network while there is one. Announcements and the inbox are kept; what
// says `no-store`, as everything personal does, is not.
async function page(request) {
  const path = new URL(request.url).pathname;
  try {
    const answer = await fetch(request);
    const mayKeep = answer.ok && !/no-store/.test(answer.headers.get("Cache-Control") || "");
    if (mayKeep && path === INBOX) await (await caches.open(FILES)).put(INBOX, answer.clone());
    else if (mayKeep && path.startsWith(ARCHIVE)) await keepPage(path, answer.clone());
    return answer;
  } catch (error) {
    const anyway = { ignoreSearch: true, ignoreVary: true };
    const found = await caches.match(path, anyway) || await caches.match("/offline", anyway);
    if (found) return found;
    throw error;
  }
}

async function keepPage(path, answer) {
  const cache = await caches.open(PAGES);
  await cache.delete(path, { ignoreVary: true }); // so that the newest stands last
  await cache.put(path, answer);
  const read = await cache.keys();
  for (const request of read.slice(0, -READ)) await cache.delete(request);
}

async function file(request) {
  const cache = await caches.open(FILES);
  const found = await cache.match(request, { ignoreVary: true });
  if (found) return found;
  try {
    return await fetch(request);
  } catch (error) {
    // fonts are named without a version, older pages name an older one
    const older = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (older) return older;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(file(request));
});

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

function options(message, shown) {
  const urgent = message.urgency === "danger" || message.urgency === "important";
  const actions = [["open", message.action], ["fewer", message.fewer]]
    .filter(([, title]) => title).map(([action, title]) => ({ action, title }));
  return {
    body: message.body || "",
    tag: message.tag || undefined,
    // a correction is heard again; a second copy of the same push replaces the first in silence
    renotify: urgent && shown.some((notification) => notification.data.url !== message.url),
    lang: message.lang || "de",
    dir: message.dir || "auto",
    icon: "/static/icons/icon-192.png",
    badge: "/static/icons/badge.png",
    vibrate: urgent ? [200, 100, 200] : [],
    requireInteraction: message.urgency === "danger",
    actions,
    data: { url: message.url || ARCHIVE, tag: message.tag || "" },
  };
}

async function receive(message) {
  const shown = message.tag ? await self.registration.getNotifications({ tag: message.tag }) : [];
  await self.registration.showNotification(message.title, options(message, shown));
  // notices ("n…"), such as the first push, are no news to read again
  if (message.tag && !message.tag.startsWith("n")) {
    await keep(message);
    await count();
  }
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage("push");
}

self.addEventListener("push", (event) => event.waitUntil(receive(read(event.data))));

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

// "Fewer of these": the preferences of this browser, at the topic the push was about.
async function openPreferences(about) {
  const subscription = await recall();
  try {
    const answer = await post("/push/einstellungen", { subscription, about });
    if (answer.ok) return await open(ownAddress((await answer.json()).url));
  } catch {
    // no network
  }
  return open(ownAddress("/einstellungen"));
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const data = event.notification.data || {};
  event.waitUntil(event.action === "fewer"
    ? openPreferences(data.tag) : open(ownAddress(data.url || ARCHIVE)));
});

// The browser has ended the subscription. The town's key may be another one by now.
async function tellChange(event) {
  const before = await recall() || (event.oldSubscription && described(event.oldSubscription, ""));
  if (!before) return;
  const answer = await fetch("/push/schluessel");
  await renew(self.registration, (await answer.json()).key, before);
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(tellChange(event)));
