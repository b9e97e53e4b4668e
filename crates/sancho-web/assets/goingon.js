// What takes many requests goes on by itself: an act on all jobs that match, the count before it, a search that has
// found none yet, and looking for one job by its id. Each request is bounded, the next waits for its answer, and a
// person may stop it at any time.
import { exchange } from "./keep.js";

/** Requests that follow by themselves at most; then a person says whether it goes on. */
const REQUESTS_MAX = 5_000;

/** How long the store is left to others between two requests, in milliseconds. */
const PAUSE = 40;

const pause = () => new Promise((done) => setTimeout(done, PAUSE));

/** Goes on with whatever this page has begun. */
export function goOn() {
  const form = document.querySelector("form[data-goes-on]");
  if (form) act(form);
  if (document.querySelector("[data-search]")) search();
  if (document.querySelector("button[data-counts]")) count();
}

/** Counts on until all are counted, or somebody presses a button. */
async function count() {
  const section = document.querySelector("button[data-counts]").closest("section");
  for (let requests = 0; requests < REQUESTS_MAX; requests += 1) {
    await pause();
    const button = section.querySelector("button[data-counts]");
    const body = new URLSearchParams(new FormData(button.form, button));
    const answer = await fetch(button.form.action, { method: "POST", body }).catch(() => undefined);
    if (!answer?.ok) return;
    const fresh = parse(await answer.text()).getElementById(section.id);
    if (!fresh) return;
    section.querySelector("h1").textContent = fresh.querySelector("h1").textContent;
    const further = fresh.querySelector("button[data-counts]");
    if (!further) return exchange(section.querySelector("form"), fresh.querySelector("form"));
    button.value = further.value;
    copy(section, fresh);
  }
}

async function act(form) {
  const section = form.closest("section");
  const stop = form.querySelector("a[data-stop]");
  const begin = form.querySelector("button");
  const said = section.querySelector("[data-by-itself]");
  let isStopped = false;
  stop.addEventListener("click", (event) => {
    // The answer under way is waited for: it says what was done.
    isStopped = true;
    event.preventDefault();
  });
  begin.hidden = true;
  if (said) said.hidden = false;
  try {
    for (let requests = 0; requests < REQUESTS_MAX; requests += 1) {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.redirected) return location.replace(answer.url);
      if (!answer.ok) break;
      const fresh = parse(await answer.text()).getElementById(section.id);
      if (!fresh) break;
      copy(section, fresh);
      if (isStopped) return location.replace(stop.href);
      await pause();
    }
  } catch {
    // The server is away: the button below asks again.
  }
  if (isStopped) return location.replace(stop.href);
  begin.hidden = false;
  if (said) said.hidden = true;
}

async function search() {
  let isStopped = false;
  const button = document.querySelector("[data-search] button[data-stop]");
  button.hidden = false;
  button.addEventListener("click", () => {
    isStopped = true;
    button.hidden = true;
  });
  for (let requests = 0; requests < REQUESTS_MAX && !isStopped; requests += 1) {
    await pause();
    const block = document.querySelector("[data-search]");
    const link = block?.querySelector("a[data-goes-on]");
    if (!link) return;
    try {
      const answer = await fetch(link.href);
      // A job that is gone has a page that says so.
      if (answer.status === 404 && !isStopped) return location.replace(link.href);
      if (!answer.ok) return;
      const fresh = parse(await answer.text()).getElementById("found");
      if (isStopped) return;
      // The job that was looked for: the page is its own.
      if (!fresh) return location.replace(link.href);
      history.replaceState(null, "", link.href);
      const further = fresh.querySelector("[data-search]");
      if (further) copy(block, further);
      else exchange(document.getElementById("found"), fresh);
    } catch {
      return;
    }
  }
  button.hidden = true;
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/** Takes over what a later answer says, so that whatever is focused stays where it is. */
function copy(part, fresh) {
  const pairs = (selector) => {
    const later = [...fresh.querySelectorAll(selector)];
    return [...part.querySelectorAll(selector)].map((old, index) => [old, later[index]]).filter(([, it]) => it);
  };
  for (const [old, it] of pairs("[role=status], [data-of]")) old.textContent = it.textContent;
  for (const [old, it] of pairs("input[type=hidden]")) old.value = it.value;
  for (const [old, it] of pairs("a[data-stop], a[data-goes-on]")) old.href = it.getAttribute("href");
  for (const [old, it] of pairs("progress")) {
    old.max = it.max;
    if (it.hasAttribute("value")) old.value = it.value;
  }
}
