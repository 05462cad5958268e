// The time a resident's page stays open: warns two minutes before it ends, and extends it
// without losing what is typed. Without this script the button sends the form.
"use strict";

const NOTICE = 120_000; // milliseconds between the warning and the end

function prepareTime(part) {
  const times = document.querySelectorAll("[data-page-until]");
  const show = (name, visible) => { part.querySelector(`[data-page-${name}]`).hidden = !visible; };
  let token = part.dataset.pageToken;
  let timers = [];

  // seconds, not a time of day: the device's clock may be wrong
  function wait(seconds) {
    timers.forEach(clearTimeout);
    const left = seconds * 1000;
    timers = [
      setTimeout(() => show("warning", true), left - NOTICE),
      setTimeout(() => { show("warning", false); show("closed", true); }, left),
    ];
  }

  function renew(answer) {
    for (const element of document.querySelectorAll("form, a, button")) {
      for (const name of ["action", "href", "formaction"]) {
        const value = element.getAttribute(name);
        if (value && value.includes(token)) {
          element.setAttribute(name, value.replace(token, answer.token));
        }
      }
    }
    history.replaceState(null, "", location.href.replace(token, answer.token));
    token = answer.token;
    times.forEach((time) => { time.dateTime = answer.until; time.textContent = answer.words; });
    wait(answer.seconds);
  }

  part.querySelector("[data-page-extend]").addEventListener("click", async (event) => {
    event.preventDefault();
    const button = event.currentTarget;
    const body = new URLSearchParams({ csrf_token: button.form.elements.csrf_token.value });
    try {
      const answer = await fetch(button.getAttribute("formaction") || button.form.action, {
        method: "POST", headers: { Accept: "application/json" }, body });
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      renew(await answer.json());
      show("warning", false);
      show("extended", false);
      setTimeout(() => show("extended", true), 100); // said again each time
    } catch (error) {
      console.error(error);
      button.form.requestSubmit(button); // the server says what is the matter
    }
  });
  wait(Number(part.dataset.pageSeconds));
}

document.querySelectorAll("[data-page-time]").forEach(prepareTime);
