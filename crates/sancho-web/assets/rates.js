// The live graph: what is processed and what fails a second, for as long as the page is open.

const POINTS_MAX = 120;
const HEIGHT = 100;
const SVG = "http://www.w3.org/2000/svg";
const one = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const points = [];

/** Adds a look to the graph, if the page has one. */
export function drawRates(look) {
  const figure = document.querySelector("[data-rates]");
  if (!figure || typeof look.processed_per_second !== "number") return;
  points.push([look.processed_per_second, look.failed_per_second]);
  if (points.length > POINTS_MAX) points.shift();
  figure.hidden = false;
  const top = Math.max(1, ...points.map(([processed]) => processed));
  const svg = figure.querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${POINTS_MAX - 1} ${HEIGHT}`);
  line(svg, "good", 0, top);
  line(svg, "bad", 1, top);
  figure.querySelector(".scale").textContent = one.format(top);
  const [processed, failed] = points.at(-1);
  figure.querySelector("[data-rate=processed]").textContent = one.format(processed);
  figure.querySelector("[data-rate=failed]").textContent = one.format(failed);
}

function line(svg, name, which, top) {
  let path = svg.querySelector(`polyline.${name}`);
  if (!path) {
    path = svg.appendChild(document.createElementNS(SVG, "polyline"));
    path.setAttribute("class", name);
  }
  const first = POINTS_MAX - points.length;
  const spots = points.map((rates, index) => `${first + index},${(HEIGHT - (rates[which] / top) * HEIGHT).toFixed(1)}`);
  path.setAttribute("points", spots.join(" "));
}
