// One person with one page: what they do there, and whatever goes wrong meanwhile.
import axe from "axe-core";
import { submit } from "./forms.mjs";
import { drawn, languages, survey, words } from "./survey.mjs";

/** How long anything may take, in milliseconds: far longer than it does, so that a hang becomes a failure. */
const PATIENCE = 30_000;

export class Visitor {
  #page;
  #origins;
  #javascript;
  #faults = [];
  #expected = new Set();
  #pardoned = [];

  /** Opens a page of its own, in a context of its own, for the sites at `origins`. */
  static async arrive(chromium, { origins, language, javascript, dark, width, height, name, password }) {
    const context = await chromium.newContext({
      locale: language,
      timezoneId: "Asia/Ho_Chi_Minh",
      javaScriptEnabled: javascript,
      colorScheme: dark ? "dark" : "light",
      reducedMotion: "reduce",
      viewport: { width, height },
      httpCredentials: name ? { username: name, password } : undefined,
    });
    context.setDefaultTimeout(PATIENCE);
    return new Visitor(await context.newPage(), origins, javascript);
  }

  constructor(page, origins, javascript) {
    this.#page = page;
    this.#origins = origins;
    this.#javascript = javascript;
    page.on("console", (message) => this.#hear(message));
    page.on("pageerror", (error) => this.#faults.push(`a script failed: ${error.message}`));
    page.on("crash", () => this.#faults.push("the page crashed"));
    page.on("popup", (popup) => this.#faults.push(`a window opened: ${popup.url()}`));
    page.on("dialog", (dialog) => {
      this.#faults.push(`a dialog opened: ${dialog.type()} ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const { origin } = new URL(request.url());
      if (!this.#origins.includes(origin)) this.#faults.push(`something elsewhere was asked for: ${request.url()}`);
    });
    page.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText;
      // Whoever leaves a page ends its stream, and what else it has not got yet.
      const left = reason === "net::ERR_ABORTED" && request.resourceType() !== "document";
      // A browser that runs no scripts does not load them ahead either.
      const idle = !this.#javascript && request.resourceType() === "script";
      if (!left && !idle) this.#faults.push(`a request failed: ${request.method()} ${request.url()}: ${reason}`);
    });
    page.on("response", (response) => {
      const status = response.status();
      if (status < 400 || this.#expected.has(status)) return;
      this.#faults.push(`${status} for ${response.request().method()} ${response.url()}`);
    });
  }

  #hear(message) {
    const told = message.text();
    if (!["error", "warning"].includes(message.type())) return;
    const refused = told.match(/^Failed to load resource: the server responded with a status of (\d+)/);
    // Statuses that nobody expects are told of by the response itself.
    if (refused) return;
    this.#faults.push(`the console has a ${message.type()}: ${told} (${message.location().url})`);
  }

  /** What went wrong since the last time that somebody asked. */
  takeFaults() {
    const isPardoned = (fault) => this.#pardoned.some((part) => fault.includes(part));
    return this.#faults.splice(0).filter((fault) => !isPardoned(fault));
  }

  carryOut(command) {
    const deed = deeds[command.do];
    if (!deed) throw new Error(`nobody knows how to ${command.do}`);
    return deed(this.#page, command, this);
  }

  /** What the page tells of itself, and every text that is read there, once it is drawn: all at the same moment. */
  survey() {
    const wait = this.#javascript ? `await drawn(${PATIENCE});` : "";
    const parts = [drawn, survey, words].join("\n");
    return this.#page.evaluate(`(async () => { ${parts}\n${wait} return { ...survey(), words: await words() }; })()`);
  }

  /** Goes on at other sites, as somebody who was at none. */
  async move(origins) {
    await this.#page.goto("about:blank");
    await this.#page.context().clearCookies();
    this.#origins = origins;
  }

  address(path) {
    return new URL(path, this.#origins[0]).href;
  }

  expect(statuses) {
    this.#expected = new Set(statuses);
  }

  pardon(parts) {
    this.#pardoned = parts;
  }

  /** Anything that leads to another page, or to this one again. */
  async arrives(deed) {
    const [response] = await Promise.all([this.#page.waitForNavigation({ waitUntil: "load" }), deed()]);
    return { status: response?.status() ?? 0, address: this.#page.url() };
  }
}

const deeds = {
  expect: (_page, { statuses }, visitor) => visitor.expect(statuses),
  pardon: (_page, { parts }, visitor) => visitor.pardon(parts),
  move: (_page, { origins }, visitor) => visitor.move(origins),
  // No idle network is waited for: a live page never is.
  open: async (page, { path }, visitor) => {
    const response = await page.goto(visitor.address(path), { waitUntil: "load" });
    return { status: response?.status() ?? 0, address: page.url() };
  },
  click: (page, { at }) => page.locator(at).first().click(),
  follow: (page, { at }, visitor) => visitor.arrives(() => page.locator(at).first().click()),
  submit: (page, { form, button, choices, text }, visitor) => submit(page, { form, button, choices, text }, visitor),
  check: (page, { at }) => page.locator(at).first().check(),
  fill: (page, { at, text }) => page.locator(at).first().fill(text),
  select: (page, { at, value }) => page.locator(at).first().selectOption(value),
  press: (page, { key }) => page.keyboard.press(key),
  strike: (page, { key }, visitor) => visitor.arrives(() => page.keyboard.press(key)),
  text: (page, { at }) => page.locator(at).first().innerText(),
  texts: (page, { at }) => page.locator(at).allInnerTexts(),
  count: (page, { at }) => page.locator(at).count(),
  seen: (page, { at }) => page.locator(at).first().isVisible(),
  // Waits until something is there and can be seen.
  appears: (page, { at }) => page.locator(at).first().waitFor({ state: "visible" }),
  // Waits until one of these says exactly this.
  says: (page, { at, text }) => page.locator(at).getByText(text, { exact: true }).or(page.locator(at).and(page.getByText(text, { exact: true }))).first().waitFor(),
  // Waits until the address has this part.
  leads: (page, { part }) => page.waitForURL((address) => address.href.includes(part), { waitUntil: "load" }),
  address: (page) => page.url(),
  evaluate: (page, { script }) => page.evaluate(script),
  fetch: (page, { path, options }) =>
    page.evaluate(
      async ([path, options]) => {
        const answer = await fetch(path, options);
        return { status: answer.status, text: await answer.text() };
      },
      [path, options],
    ),
  survey: (_page, _command, visitor) => visitor.survey(),
  words: (page, { path }) => page.evaluate(words, path),
  languages: (page, { paths }) => page.evaluate(languages, paths),
  look: async (page, { dark, width, height }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  },
  axe: async (page) => {
    await page.evaluate(axe.source);
    const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    return found.violations.map(({ id, impact, help, nodes }) => {
      return { id, impact, help, nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`) };
    });
  },
  picture: (page, { file, whole }) => page.screenshot({ path: file, fullPage: whole }),
  close: (page) => page.context().close(),
};
