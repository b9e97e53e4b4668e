// What a page has, as the page itself tells it. These functions run inside of it, each by itself.

/** Waits until each chart is drawn that scripts are to draw. */
export async function drawn(patience) {
  const isDrawn = (figure) => figure.classList.contains("is-drawn") || figure.querySelectorAll(".numbers tbody tr").length < 2;
  for (const until = Date.now() + patience; ![...document.querySelectorAll("figure[data-plot]")].every(isDrawn); ) {
    if (Date.now() > until) throw new Error("a chart is not drawn");
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** Where links lead, and what each form could send. */
export function survey() {
  const links = [...document.querySelectorAll("a[href]")].map((link) => link.href);
  const forms = [...document.forms].map((form, index) => {
    const elements = [...form.elements];
    const buttons = elements.filter((element) => element.type === "submit" && !element.disabled && !element.hidden);
    const named = elements.filter((element) => element.name && element.type !== "submit");
    const radios = named.filter((element) => element.type === "radio");
    return {
      index,
      method: (form.getAttribute("method") ?? "get").toLowerCase(),
      action: new URL(form.getAttribute("action") ?? "", location.href).href,
      fields: [...new Set(named.map((element) => element.name))],
      choices: radios.map((element) => [element.name, element.value]),
      isSure: named.some((element) => element.name === "sure" && element.value === "yes"),
      buttons: buttons.map(({ name, value }) => ({ name, value })),
    };
  });
  return { address: location.href, language: document.documentElement.lang, title: document.title, links, forms };
}

/**
 * Every text that a person reads, of this page or of one at an address. Left out is what says itself to be of a
 * language of its own, and what is shown as it was written.
 */
export async function words(address) {
  const html = address && (await (await fetch(address)).text());
  const page = html ? new DOMParser().parseFromString(html, "text/html") : document;
  const said = ["aria-label", "title", "placeholder", "alt", "data-word", "aria-description"];
  const isOwn = (element) => element.closest("script, style, pre, code, kbd, body [lang]");
  const all = new Set([page.title]);
  for (const element of page.body.querySelectorAll("*")) {
    if (isOwn(element)) continue;
    for (const name of said) all.add(element.getAttribute(name) ?? "");
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) all.add(node.data);
  }
  return [...all].map((text) => text.replace(/\s+/g, " ").trim()).filter((text) => text);
}

/** Which status and which language each of these addresses answers with. */
export function languages(addresses) {
  const ask = async (address) => {
    const answer = await fetch(address);
    const [, language] = (await answer.text()).match(/<html lang="([^"]*)"/) ?? [];
    return { status: answer.status, language: language ?? "" };
  };
  return Promise.all(addresses.map(ask));
}
