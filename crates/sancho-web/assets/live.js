// Numbers as they change: one stream of server-sent events, which tells at most once a second.
import { exchange } from "./keep.js";

const whole = new Intl.NumberFormat(document.documentElement.lang);

let known = "";
let freshened = 0;
let underWay = false;

/** Listens as long as somebody sees the page. Where nothing is live, the page stays as it was served. */
export function goLive() {
  const source = document.body.dataset.live;
  if (!source || !document.querySelector("[data-count], [data-fresh], [data-rates]")) return;
  let stream;
  const listen = () => {
    stream?.close();
    stream = document.hidden ? undefined : opened(source);
  };
  listen();
  // Browsers open few connections to a host: pages that nobody sees must not hold them all, or the next one waits.
  document.addEventListener("visibilitychange", listen);
  // A page that a browser keeps for the way back must not hold the stream.
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

function opened(source) {
  const stream = new EventSource(source);
  const away = document.getElementById("away");
  stream.addEventListener("look", (event) => {
    away.hidden = true;
    const look = JSON.parse(event.data);
    for (const place of document.querySelectorAll("[data-count]")) {
      const number = look[place.dataset.count];
      if (typeof number === "number") place.textContent = whole.format(number);
    }
    if (document.querySelector("[data-rates]")) import("./rates.js").then(({ drawRates }) => drawRates(look));
    freshen(look);
  });
  stream.addEventListener("away", () => {
    away.hidden = false;
  });
  return stream;
}

/** Asks for the page again where something has changed, and puts its parts in the place of the old ones. */
async function freshen(look) {
  const parts = [...document.querySelectorAll("[data-fresh]")].filter((part) => !isInUse(part));
  const { at, processed_per_second, failed_per_second, ...totals } = look;
  const told = JSON.stringify(totals);
  // Each part says how many seconds it stays fresh at least: some are dear to make.
  const seconds = Math.min(...parts.map((part) => Number(part.dataset.fresh)));
  const isDue = Date.now() - freshened >= seconds * 1000;
  // What runs gets older though no number changes.
  const hasChanged = told !== known || look.busy > 0;
  if (parts.length === 0 || underWay || document.hidden || !isDue || !hasChanged) return;
  underWay = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (fresh && !isInUse(part)) {
        exchange(part, fresh);
      }
    }
    known = told;
  } catch {
    // The server is away: the stream notices, and asks again.
  } finally {
    freshened = Date.now();
    underWay = false;
  }
}

/** What somebody is about to press, is typing in or has marked does not move away. */
function isInUse(part) {
  const marked = getSelection();
  const isMarked = marked && !marked.isCollapsed && part.contains(marked.anchorNode);
  const held = ":has(button:hover, summary:hover, select:focus, input:focus:not([type=checkbox], [type=radio]), .u-over:hover)";
  return isMarked || part.matches(held);
}
