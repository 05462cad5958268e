// Fills the inbox page with the pushes that the service worker kept on this device.
"use strict";

const part = document.querySelector("[data-inbox]");
const when = new Intl.DateTimeFormat(document.documentElement.lang,
  { dateStyle: "medium", timeStyle: "short" });

function entry(message) {
  const item = part.querySelector("template").content.cloneNode(true);
  const link = item.querySelector("a");
  link.textContent = message.title;
  link.href = ownPath(message.url);
  const body = item.querySelector("[data-body]");
  body.textContent = message.body;
  for (const words of [link, body]) {
    words.lang = message.lang;
    words.dir = message.dir;
  }
  show(item.querySelector(`[data-urgency="${CSS.escape(message.urgency)}"]`));
  show(item.querySelector("[data-new]"), !message.seen);
  const time = item.querySelector("time");
  time.dateTime = new Date(message.at).toISOString();
  time.textContent = when.format(message.at);
  return item;
}

// Only pages of our own, whatever a push said.
function ownPath(url) {
  try {
    const address = new URL(url, window.location.origin);
    if (address.origin === window.location.origin) return address.href;
  } catch {
    // not an address
  }
  return "/meldungen";
}

async function fill() {
  const messages = await kept().catch(() => []); // storage may be forbidden
  part.querySelector("[data-list]").replaceChildren(...messages.map(entry));
  show(part.querySelector("[data-empty]"), !messages.length);
  show(part.querySelector("[data-clear]"), messages.length > 0);
  if (messages.length) await markSeen();
}

function showNetwork() {
  show(document.querySelector("[data-offline]"), !navigator.onLine);
}

if ("indexedDB" in window) {
  show(part);
  fill();
  showNetwork();
  part.querySelector("[data-clear]").addEventListener("click", async () => {
    await clearInbox();
    await fill();
    part.querySelector("[data-empty]").focus(); // the button is gone
  });
  window.addEventListener("online", showNetwork);
  window.addEventListener("offline", showNetwork);
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.addEventListener("message", fill);
    worker().catch((error) => console.warn(error)); // so that this page opens without network
  }
}
