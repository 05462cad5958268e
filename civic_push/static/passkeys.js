// Passkeys: a form with data-passkey ("create" or "get") holds the server's options; its button
// asks the browser, and the answer travels in the form's hidden field. Words stand in the page.
"use strict";

function toBytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  if (!buffer) return null;
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function readOptions(json) {
  const options = JSON.parse(json);
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user.id = toBytes(options.user.id);
  for (const list of ["excludeCredentials", "allowCredentials"]) {
    for (const credential of options[list] ?? []) credential.id = toBytes(credential.id);
  }
  return options;
}

function write(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature",
    "userHandle"];
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(parts.filter((part) => response[part])
      .map((part) => [part, toText(response[part])])),
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

function prepare(form) {
  const failure = form.querySelector("[data-passkey-failed]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    const field = form.elements.credential;
    if (field.value) return;
    event.preventDefault();
    failure.hidden = true;
    try {
      const publicKey = readOptions(form.dataset.options);
      const credential = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
      field.value = write(credential);
      form.submit();
    } catch (error) {
      console.warn(error);
      failure.hidden = false;
    }
  });
}

if (window.PublicKeyCredential && navigator.credentials) {
  document.querySelectorAll("form[data-passkey]").forEach(prepare);
  document.querySelectorAll("[data-passkey-missing]").forEach((part) => { part.hidden = true; });
}
