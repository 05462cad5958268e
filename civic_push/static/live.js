// Numbers that move by themselves while deliveries are on their way. They come as server-sent
// events; where all streams are taken, this asks every few seconds instead.
"use strict";

const BETWEEN_WORDS = 10_000; // milliseconds between two sentences for screen readers
const BETWEEN_QUESTIONS = 5_000;
const AFTER_LEAVING = 3; // seconds, in which the clock lets it out

function follow(part) {
  const find = (name) => part.querySelector(`[data-live-${name}]`);
  const [headline, bar, table, say, freeze] =
    ["headline", "bar", "table", "say", "freeze"].map(find);
  let stream = null;
  let timer = null;
  let held = null; // as this page's buttons show it
  let spoken = Date.now();
  let frozen = false;

  function show(found) {
    headline.textContent = found.headline;
    bar.max = found.goal;
    bar.value = found.value;
    if (table.innerHTML !== found.table) table.innerHTML = found.table;
    if (!found.moving || Date.now() - spoken > BETWEEN_WORDS) {
      say.textContent = found.headline;
      spoken = Date.now();
    }
    if (!found.moving) stop();
    if (held !== null && held !== found.held) location.reload(); // another editor's doing
    held = found.held;
    if (!found.moving) freeze.hidden = true;
  }

  async function ask() {
    try {
      const answer = await fetch(`${part.dataset.live}?einmal`);
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const found = await answer.json();
      if (frozen) return;
      timer = setTimeout(ask, BETWEEN_QUESTIONS);
      show(found);
    } catch (error) {
      console.error(error); // signed out, or the server is away: the numbers stay as they are
      if (!frozen) timer = setTimeout(ask, BETWEEN_QUESTIONS * 6);
    }
  }

  function start() {
    stream = new EventSource(part.dataset.live);
    stream.onmessage = (event) => show(JSON.parse(event.data));
    stream.onerror = () => {
      if (stream && stream.readyState === EventSource.CLOSED) ask(); // refused: no stream is free
    };
  }

  function stop() {
    if (stream) stream.close();
    stream = null;
    clearTimeout(timer);
  }

  freeze.hidden = false;
  freeze.addEventListener("click", () => {
    frozen = !frozen;
    freeze.setAttribute("aria-pressed", String(frozen));
    if (frozen) stop(); else start();
  });
  document.querySelectorAll("[data-live-without]").forEach((e) => { e.hidden = true; });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted && !frozen) start(); });
  start();
}

document.querySelectorAll("[data-live]").forEach(follow);

// What leaves in a moment: when it has, this page is out of date, and its button too late.
document.querySelectorAll("[data-leaves-in]").forEach((part) => {
  setTimeout(() => location.reload(), 1000 * (Number(part.dataset.leavesIn) + AFTER_LEAVING));
});
