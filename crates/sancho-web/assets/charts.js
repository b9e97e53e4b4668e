// Series as uPlot draws them, from the numbers in the tables that stand below each chart. Without it, the server's own
// drawing stays.
import uPlot from "./uplot.js";

const lang = document.documentElement.lang;
const DAY = 86_400;
const HEIGHT = 176;
// Room for the labels of the numbers, by their unit.
const LEFT = { count: 44, ms: 62 };
const alive = new Map();

const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
const zone = (options, timeZone) => new Intl.DateTimeFormat(lang, { ...options, timeZone });
const formats = (timeZone) => ({
  day: zone({ day: "numeric", month: "short" }, timeZone),
  minute: zone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, timeZone),
  second: zone({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }, timeZone),
  whole: zone({ dateStyle: "medium", timeStyle: "short" }, timeZone),
  date: zone({ dateStyle: "full" }, timeZone),
});
const here = formats(undefined);
// A day of the counters is one of UTC, wherever the person is.
const utc = formats("UTC");

/** The value of one of the style's variables, as it is now. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const faint = (name) => () => `color-mix(in srgb, ${color(name)} 18%, transparent)`;

/** A run time, as the pages write it. */
function runTime(millis) {
  if (millis < 1_000) return `${whole.format(millis)} ms`;
  if (millis < 100_000) return `${whole.format(millis / 1_000)} s`;
  if (millis < 3_600_000) return `${whole.format(millis / 60_000)} min`;
  return `${whole.format(millis / 3_600_000)} h`;
}

const units = {
  count: { said: (number) => whole.format(number), axis: (number) => short.format(number) },
  ms: { said: runTime, axis: runTime },
};

/** What all charts have: axes, a grid and a cursor, in the colors of the page. */
export function plain({ unit = "count", by = "minute", width, padding = [10, 20, 0, 0] }) {
  const times = by === "day" ? utc : here;
  const axis = { stroke: () => color("soft"), font: "12px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: () => color("line"), width: 1 };
  const shown = (at, step) => {
    const date = new Date(at * 1_000);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
    if (step >= DAY || isMidnight) return times.day.format(date);
    return (step < 60 ? times.second : times.minute).format(at * 1_000);
  };
  return {
    width,
    padding,
    legend: { show: false },
    tzDate: by === "day" ? (at) => uPlot.tzDate(new Date(at * 1_000), "Etc/UTC") : (at) => new Date(at * 1_000),
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 6,
        grid: { show: false },
        space: 64,
        incrs: by === "day" ? [1, 2, 7, 14, 28, 56].map((days) => days * DAY) : undefined,
        values: (_, splits, __, ___, step) => splits.map((at) => shown(at, step)),
      },
      {
        ...axis,
        size: LEFT[unit],
        gap: 6,
        grid,
        // Three lines are enough to read a number by, and leave the drawing quiet.
        splits: (_, __, least, most) => [least, (least + most) / 2, most],
        values: (_, splits) => splits.map(units[unit].axis),
      },
    ],
    scales: { y: { range: (_, __, most) => [0, most > 0 ? nice(most) : 1] } },
  };
}

/** The next even number of one digit, with zeros behind: its half is a round number too. */
function nice(number) {
  const unit = 10 ** Math.floor(Math.log10(number));
  return [2, 4, 6, 8, 10].map((step) => step * unit).find((step) => step >= number * 1.02) ?? 20 * unit;
}

/** Says beside the pointer what is there. `said` gives lines of a name, a text and a class. */
export function tip(said) {
  let box;
  return {
    hooks: {
      init: (plot) => {
        box = document.createElement("div");
        box.className = "tip";
        box.hidden = true;
        plot.over.append(box);
      },
      setCursor: (plot) => {
        const { idx, left } = plot.cursor;
        const lines = idx == null || left < 0 ? [] : said(plot, idx);
        box.hidden = lines.length === 0;
        if (box.hidden) return;
        box.replaceChildren(
          ...lines.map(([name, text, kind]) => {
            const line = document.createElement("div");
            if (kind) line.className = kind;
            const value = document.createElement("b");
            value.textContent = text;
            line.append(name, " ", value);
            return line;
          }),
        );
        const room = plot.over.clientWidth;
        const beside = left + 14 + box.offsetWidth > room ? left - 14 - box.offsetWidth : left + 14;
        box.style.left = `${Math.max(0, Math.min(beside, room - box.offsetWidth))}px`;
      },
    },
  };
}

/** Puts a chart into its place, and keeps it in the size and the colors of the page. */
export function put(place, options, data) {
  const height = place.clientHeight || HEIGHT;
  const plot = new uPlot({ ...options, width: Math.max(place.clientWidth, 120), height }, data, place);
  const watch = new ResizeObserver(() => {
    if (!place.isConnected) return forget(plot);
    const width = place.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height });
  });
  watch.observe(place);
  alive.set(plot, watch);
  return plot;
}

function forget(plot) {
  alive.get(plot)?.disconnect();
  alive.delete(plot);
  plot.destroy();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  // Fills are kept with the paths: both are made anew.
  for (const plot of alive.keys()) plot.redraw();
});

/** The numbers of a chart, as its table has them. */
function numbers(figure) {
  const table = figure.querySelector(".numbers table");
  const heads = [...table.querySelectorAll("thead [data-series]")];
  const names = heads.map((head) => ({ kind: head.dataset.series, name: head.textContent }));
  const rows = [...table.tBodies[0].rows].map((row) => ({
    at: Date.parse(row.querySelector("time").dateTime) / 1_000,
    mark: row.querySelector(".mark")?.textContent,
    values: [...row.cells].slice(1, 1 + names.length).map((cell) => {
      const text = cell.dataset.n ?? cell.textContent;
      return text === "" ? null : Number(text);
    }),
  }));
  return { names, rows };
}

/** Lines where something was deployed. */
function marks(rows) {
  const marked = rows.filter((row) => row.mark);
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.strokeStyle = color("warn");
        ctx.lineWidth = devicePixelRatio * 1.5;
        ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
        for (const { at } of marked) {
          const x = Math.round(plot.valToPos(at, "x", true));
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}

function bars(names, rows) {
  const paths = uPlot.paths.bars({ size: [0.78, 28] });
  const bar = (name) => ({ fill: () => color(`chart-${name}`), width: 0, paths, points: { show: false } });
  // What failed stands above what did not: a bar of all, behind one of those that went well.
  const all = rows.map(({ values: [good, bad] }) => (bad > 0 ? good + bad : null));
  return {
    series: [{}, bar("bad"), bar("good")],
    data: [rows.map((row) => row.at), all, rows.map((row) => row.values[0])],
    names,
  };
}

function lines(names, rows) {
  const line = ({ kind }, index) => ({
    stroke: () => color(`chart-${kind}`),
    fill: names.length === 1 ? faint(`chart-${kind}`) : undefined,
    width: 1.75,
    spanGaps: true,
    points: { show: rows.filter((row) => row.values[index] !== null).length < 3 },
  });
  return {
    series: [{}, ...names.map(line)],
    data: [rows.map((row) => row.at), ...names.map((_, index) => rows.map((row) => row.values[index]))],
    names,
  };
}

function draw(figure) {
  const { plot: kind, unit, by } = figure.dataset;
  if (!figure.querySelector(".numbers")) return;
  const { names, rows } = numbers(figure);
  if (rows.length < 2) return;
  const { series, data } = kind === "bars" ? bars(names, rows) : lines(names, rows);
  const said = (_, index) => {
    const { at, values, mark } = rows[index];
    const when = by === "day" ? utc.date.format(at * 1_000) : here.whole.format(at * 1_000);
    const told = names.flatMap(({ name, kind }, index) =>
      values[index] === null ? [] : [[name, units[unit].said(values[index]), `key ${kind}`]],
    );
    return [["", when, "at"], ...told, ...(mark ? [["", mark, "mark"]] : [])];
  };
  const place = document.createElement("div");
  place.className = "drawn";
  place.setAttribute("aria-hidden", "true");
  figure.prepend(place);
  figure.classList.add("is-drawn");
  const options = plain({ unit, by });
  const step = rows[1].at - rows[0].at;
  const ends = [rows[0].at - step / 2, rows.at(-1).at + step / 2];
  const x = kind === "bars" ? { range: () => ends } : { range: () => [rows[0].at, rows.at(-1).at] };
  put(place, { ...options, series, scales: { ...options.scales, x }, plugins: [tip(said), marks(rows)] }, data);
}

/** Draws all charts below `root` that have not been drawn. */
export function drawCharts(root) {
  for (const figure of root.querySelectorAll("figure[data-plot]:not(.is-drawn)")) draw(figure);
  for (const plot of alive.keys()) if (!plot.root.isConnected) forget(plot);
}
