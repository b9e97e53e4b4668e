// Keeps a snippet's page true without a reload, and speaks of times as the reader's clock does.
// Without this file the page works as well: a refresh shows what is new, and times are UTC.

const FAST_MS = 150; // while a person waits for the colors
const SLOW_MS = 1500; // afterwards, and while a publication is awaited
const FAST_FOR_MS = 15000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}

// A date field holds the reader's wall clock: it is shown from UTC, and sent with its offset.
function localizeForms() {
  for (const zone of document.querySelectorAll("[data-zone]")) {
    zone.textContent = zone.textContent.replace("UTC", "your time");
  }
  for (const field of document.querySelectorAll("input[type=datetime-local]")) {
    const at = new Date(field.value + "Z");
    if (field.value && !Number.isNaN(at.getTime())) {
      const local = new Date(at.getTime() - at.getTimezoneOffset() * 60000);
      field.value = local.toISOString().slice(0, 19);
    }
    field.form.addEventListener("formdata", ({ formData }) => {
      const chosen = new Date(formData.get(field.name));
      if (!Number.isNaN(chosen.getTime())) formData.set(field.name, chosen.toISOString());
    });
  }
}

async function replace(live) {
  const text = await (await fetch(location.pathname)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
  localize(fresh);
  live.replaceWith(fresh);
  if (fresh.dataset.published === "true") document.getElementById("publication")?.remove();
  return fresh;
}

async function follow(live) {
  const start = performance.now();
  while (live.dataset.highlighted !== "true" || live.dataset.published !== "true") {
    const hurry = live.dataset.highlighted !== "true" && performance.now() - start < FAST_FOR_MS;
    await pause(hurry ? FAST_MS : SLOW_MS);
    if (document.hidden) continue;
    try {
      const { highlighted, published } = await (await fetch(live.dataset.json)).json();
      const changed = String(highlighted) !== live.dataset.highlighted || String(published) !== live.dataset.published;
      if (changed) live = await replace(live);
    } catch {
      // The server is away for a moment: the next round asks again.
    }
  }
}

localize(document);
localizeForms();
const live = document.getElementById("live");
if (live) follow(live);
