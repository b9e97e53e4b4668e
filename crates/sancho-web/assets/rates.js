// The live graph: what is processed and what fails a second. It goes on from page to page of the same window.
import { color, plain, put, tip } from "./charts.js";

const SECONDS = 120;
// Apart by more than this, two looks are not joined.
const GAP_SECONDS = 5;
const KEPT = `sancho rates ${document.body.dataset.live ? new URL(document.body.dataset.live, location).href : ""}`;
const lang = document.documentElement.lang;
const one = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const when = new Intl.DateTimeFormat(lang, { timeStyle: "medium" });
const still = matchMedia("(prefers-reduced-motion: reduce)");
const points = kept();
let plot;
let told = 0;

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").filter((point) => point.length === 3);
  } catch {
    return [];
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(points));
  } catch {
    // Then the graph begins anew with the next page.
  }
}

/** Adds a look to the graph, if the page has one. */
export function drawRates(look) {
  const section = document.querySelector("[data-rates]");
  if (!section || typeof look.processed_per_second !== "number") return;
  points.push([look.at / 1_000, look.processed_per_second, look.failed_per_second]);
  while (points.length > 0 && points[0][0] < points.at(-1)[0] - SECONDS) points.shift();
  keep();
  section.querySelector("[data-rate=processed]").textContent = one.format(look.processed_per_second);
  section.querySelector("[data-rate=failed]").textContent = one.format(look.failed_per_second);
  section.hidden = false;
  // Whoever asks for less motion has the numbers every second, and the graph every ten.
  if (still.matches && plot && told++ % 10 !== 0) return;
  const place = section.querySelector(".drawn");
  if (plot) plot.setData(joined());
  else plot = made(place, section);
}

/** The points as columns, with nothing drawn where nothing was heard. */
function joined() {
  const columns = [[], [], []];
  let before = Infinity;
  for (const [at, processed, failed] of points) {
    if (at - before > GAP_SECONDS) [at - 0.5, null, null].forEach((value, index) => columns[index].push(value));
    [at, processed, failed].forEach((value, index) => columns[index].push(value));
    before = at;
  }
  return columns;
}

function made(place, section) {
  const names = [...section.querySelectorAll("[data-name]")].map((name) => name.dataset.name);
  const line = (name, fill) => ({
    stroke: () => color(`chart-${name}`),
    fill: fill ? () => `color-mix(in srgb, ${color(`chart-${name}`)} 16%, transparent)` : undefined,
    width: 1.75,
    points: { show: false },
  });
  const said = (plot, index) => {
    const [at, processed, failed] = plot.data.map((column) => column[index]);
    if (processed === null) return [];
    const values = [processed, failed].map((value, index) => [names[index], one.format(value)]);
    return [["", when.format(at * 1_000), "at"], [...values[0], "key good"], [...values[1], "key bad"]];
  };
  const options = plain({});
  const x = { range: () => [points.at(-1)[0] - SECONDS, points.at(-1)[0]] };
  const scales = { ...options.scales, x };
  const series = [{}, line("good", true), line("bad", false)];
  return put(place, { ...options, scales, series, plugins: [tip(said)] }, joined());
}
