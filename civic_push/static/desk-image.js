// A telephone's photo becomes small before it is sent: pages show 1600 pixels at most, and the
// server takes `data-most-bytes`. What this browser cannot read goes as it is, and the server
// says what is wrong with it. Words stand in the page.
"use strict";

const SIDE = 1600; // pixels of the longer side
const LIGHT = 400_000; // bytes; a picture below stays, however wide it is
const STEPS = [[SIDE, 0.85], [SIDE, 0.7], [SIDE, 0.5], [1200, 0.6], [800, 0.6]]; // side, quality

// Maps and plans (PNG) stay sharp as long as the server takes them.
function isTooMuch(file, picture, most) {
  if (file.size > most.bytes || picture.width * picture.height > most.pixels) return true;
  return file.type !== "image/png" && file.size > LIGHT
    && Math.max(picture.width, picture.height) > SIDE;
}

// Browsers that hide who one is give back noise instead of what was drawn.
function tellsTruth(pen) {
  pen.fillStyle = "#0f0";
  pen.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
  return red < 8 && green > 247 && blue < 8;
}

function draw(picture, side) {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  if (!tellsTruth(pen)) throw new Error("this browser does not give back what it draws");
  pen.fillStyle = "#fff"; // behind what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// The first step that is small enough; null where there is none, or no need.
async function shrink(file, most) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  try {
    if (!isTooMuch(file, picture, most)) return null;
    for (const [side, quality] of STEPS) {
      const canvas = draw(picture, side);
      const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", quality); });
      if (blob && blob.size <= most.bytes && blob.size < file.size) {
        return { blob, width: canvas.width, height: canvas.height };
      }
    }
    return null;
  } finally {
    picture.close();
  }
}

// What the server said was about another file.
function forgetError(field) {
  const error = document.getElementById(`${field.id}-fehler`);
  if (!error) return;
  error.remove();
  field.closest(".kern-form-input--error").classList.remove("kern-form-input--error");
  field.removeAttribute("aria-invalid");
  field.setAttribute("aria-describedby", field.dataset.hint);
}

function prepare(field) {
  const words = field.dataset;
  const told = document.querySelector("[data-image-told]");
  const most = { bytes: Number(words.mostBytes), pixels: Number(words.mostPixels) };
  let work = null; // while a picture becomes small
  let sending = false;

  const say = (text) => { told.textContent = text; };

  async function take(file) {
    const small = await shrink(file, most);
    if (field.files[0] !== file) return; // another one was chosen meanwhile
    if (!small) return say("");
    const chosen = new DataTransfer();
    chosen.items.add(new File([small.blob], `${file.name.replace(/\.\w+$/, "")}.jpg`,
      { type: small.blob.type }));
    field.files = chosen.files;
    say(words.small.replace("{width}", small.width).replace("{height}", small.height)
      .replace("{size}", Math.ceil(small.blob.size / 1000)));
  }

  function choose() {
    const [file] = field.files;
    forgetError(field);
    const readable = file && field.accept.split(",").includes(file.type);
    say(readable && file.size > most.bytes ? words.busy : "");
    const mine = readable ? take(file).catch((error) => {
      console.warn(error); // it goes as it is
      if (field.files[0] === file) say("");
    }).finally(() => { if (work === mine) work = null; }) : null;
    work = mine;
  }

  async function wait(event) {
    if (!work) return;
    event.preventDefault();
    if (sending) return;
    sending = true;
    while (work) await work;
    sending = false;
    field.form.requestSubmit(event.submitter);
  }

  document.getElementById(words.hint).textContent = words.hintWords;
  field.addEventListener("change", choose);
  field.form.addEventListener("submit", wait);
  if (field.files.length) choose(); // chosen before this script was there
}

if (window.createImageBitmap && window.DataTransfer) {
  document.querySelectorAll("[data-most-bytes]").forEach(prepare);
}
