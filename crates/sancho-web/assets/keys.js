// The keyboard: / search, j and k move, x selects, Enter opens, ? helps, Esc leaves. The focus really moves, so that
// screen readers follow; and whoever's own keys these clash with turns them off in the help.

/** Where a browser keeps that a person wants no such keys. */
const KEPT = "sancho.keys";

const help = () => document.querySelector("dialog.help");

function rows() {
  return [...document.querySelectorAll("table.rows > tbody > tr")].filter((row) => row.querySelector("a[href]"));
}

function rowInFocus() {
  return document.activeElement?.closest("table.rows > tbody > tr");
}

/** The link of a row: what it is called, and where Enter leads. */
function focus(row) {
  const link = row.querySelector("a[href]");
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(rowInFocus());
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  focus(all[next]);
}

function search() {
  const box = document.querySelector("main input[type=search]");
  box?.focus();
  box?.select();
}

const acts = {
  "/": search,
  j: () => move(1),
  k: () => move(-1),
  x: () => rowInFocus()?.querySelector("input[type=checkbox]")?.click(),
  "?": () => help()?.showModal(),
};

/** Esc leaves what is open or typed in, and goes back to what it belongs to. */
function leave(event) {
  const details = event.target.closest?.("details[open]");
  if (details) {
    details.open = false;
    details.querySelector("summary")?.focus();
  } else if (event.target.matches?.("input[type=search]") && event.target.value === "") {
    event.target.blur();
  }
}

/** Whether this page has them on, where the browser keeps nothing. */
let on = true;

function areOn() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return on;
  }
}

function turn(wanted) {
  on = wanted;
  try {
    localStorage.setItem(KEPT, wanted ? "on" : "off");
  } catch {
    // Then they are on again with the next page.
  }
}

/** Listens to keys wherever nobody is typing. */
export function listenToKeys() {
  const box = help()?.querySelector("[data-keys]");
  if (box) {
    box.checked = areOn();
    box.addEventListener("change", () => turn(box.checked));
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return leave(event);
    const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, dialog");
    // The help opens even so, or nobody could turn the keys on again.
    const act = areOn() || event.key === "?" ? acts[event.key] : undefined;
    if (typing || !act) return;
    event.preventDefault();
    act();
  });
}
