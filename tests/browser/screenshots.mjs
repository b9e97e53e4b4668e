// Pictures of the pages, with sample data.
//
//   node screenshots.mjs DIRECTORY            each page, light and dark, wide and on a phone, in each language
//   node screenshots.mjs --readme DIRECTORY   the few that the README shows
//
// The pages are served by the example `pages` of sancho-web, which this builds and starts.
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./driver/chromium.mjs";

const HOME = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** How long anything may take, in milliseconds. */
const PATIENCE = 60_000;

/** How long the README's picture waits for the graph of the present to grow, in milliseconds. */
const LIVE_FOR = 45_000;

const LANGUAGES = { en: "en-US", vi: "vi-VN" };

const LOOKS = {
  "wide-light": { colorScheme: "light", viewport: { width: 1280, height: 800 } },
  "wide-dark": { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  "phone-light": { colorScheme: "light", viewport: { width: 390, height: 844 } },
  "phone-dark": { colorScheme: "dark", viewport: { width: 390, height: 844 } },
};

/** Each kind of page: its address, and what is done there before the picture is taken. */
const PAGES = {
  dashboard: { path: "/", live: true },
  busy: { path: "/busy" },
  queues: { path: "/queues" },
  queue: { path: "/queues/default" },
  scheduled: { path: "/scheduled" },
  retries: { path: "/retries" },
  "retries-by-error": { path: "/retries?by=error" },
  dead: { path: "/dead" },
  held: { path: "/held" },
  found: { path: "/retries?q=class%3ASyncAccount" },
  "not-found": { path: "/retries?q=class%3ANobody" },
  slip: { path: "/dead?q=color%3Ared" },
  job: { path: "/retries", then: (page) => follow(page, "main table.rows tbody a") },
  "job-running": { path: "/busy", then: (page) => follow(page, "#running tbody a") },
  metrics: { path: "/metrics?minutes=480" },
  "metrics-of-a-class": { path: "/metrics?minutes=480&class=ResizeImage" },
  question: { path: "/dead", then: ask },
  help: { path: "/retries", then: (page) => page.keyboard.press("?") },
  nowhere: { path: "/nowhere" },
};

/** What the README shows, by the names of the pictures. */
const README = { dashboard: PAGES.dashboard, retries: PAGES.retries, metrics: PAGES["metrics-of-a-class"] };

async function follow(page, at) {
  await Promise.all([page.waitForNavigation({ waitUntil: "load" }), page.locator(at).first().click()]);
}

async function ask(page) {
  await page.locator("input[name=scope][value=all]").check();
  await follow(page, "main button[name=act][value=delete]");
}

/** Starts the example; answers with it and with where it serves. */
async function serve() {
  const cargo = ["run", "--quiet", "--locked", "-p", "sancho-web", "--example", "pages", "--", "127.0.0.1:0"];
  const server = spawn("cargo", cargo, { cwd: HOME, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.startsWith("http://")) return { server, origin: line.trim() };
  }
  throw new Error("the example `pages` ended before it served anything");
}

/** Makes the window as high as the page: what sticks to its lower edge would stand in the middle of the picture else. */
async function stretch(page) {
  const { width, height } = page.viewportSize();
  const full = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(height, full) });
}

/** Goes to a page, waits until what is live on it has moved, and takes its picture. */
async function take(context, origin, { path, then, live }, file, { whole = false, settle = 0 }) {
  const page = await context.newPage();
  await page.goto(new URL(path, origin).href, { waitUntil: "load" });
  // The graph of the present is there with the second look.
  if (live) await page.locator("[data-rates]:not([hidden])").first().waitFor();
  if (then) await then(page);
  if (whole) await stretch(page);
  if (settle) await page.waitForTimeout(settle);
  await page.screenshot({ path: file, animations: "disabled", caret: "hide" });
  await page.close();
}

async function takeAll(chromium, origin, directory) {
  let taken = 0;
  for (const [tag, locale] of Object.entries(LANGUAGES)) {
    for (const [look, options] of Object.entries(LOOKS)) {
      const context = await chromium.newContext({ locale, reducedMotion: "reduce", ...options });
      context.setDefaultTimeout(PATIENCE);
      for (const [name, page] of Object.entries(PAGES)) {
        await take(context, origin, page, join(directory, `${name}-${tag}-${look}.png`), { whole: true });
        taken += 1;
      }
      await context.close();
    }
  }
  return taken;
}

async function takeForReadme(chromium, origin, directory) {
  const viewport = { width: 1280, height: 800 };
  const context = await chromium.newContext({ locale: LANGUAGES.en, colorScheme: "light", viewport });
  context.setDefaultTimeout(PATIENCE);
  for (const [name, page] of Object.entries(README)) {
    await take(context, origin, page, join(directory, `${name}.png`), { settle: page.live ? LIVE_FOR : 0 });
  }
  return Object.keys(README).length;
}

const args = process.argv.slice(2);
const forReadme = args[0] === "--readme";
const wanted = args[forReadme ? 1 : 0];
if (!wanted) {
  console.error("usage: node screenshots.mjs [--readme] DIRECTORY");
  process.exit(2);
}
const directory = resolve(wanted);
await mkdir(directory, { recursive: true });
const { server, origin } = await serve();
try {
  const chromium = await launch();
  const taken = await (forReadme ? takeForReadme : takeAll)(chromium, origin, directory);
  await chromium.close();
  console.log(`${taken} pictures in ${directory}`);
} finally {
  server.kill();
}
