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
  "?": openHelp,
};

function nameOf(row) {
  return row?.querySelector("a[href]")?.getAttribute("href");
}

/** Opens the help. The row that was in focus is so again when it is left, even if fresh rows have come meanwhile. */
function openHelp() {
  const dialog = help();
  if (!dialog || dialog.open) return;
  const name = nameOf(rowInFocus());
  const back = () => {
    const row = rows().find((row) => nameOf(row) === name);
    if (row && !rowInFocus()) focus(row);
  };
  dialog.addEventListener("close", back, { once: true });
  dialog.showModal();
}

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

/** Whether they are on. The browser is asked once: where it keeps nothing, or only some of it, this page still does. */
let on = kept() ?? true;

/** What the browser keeps; nothing where it keeps nothing, or refuses to say. */
function kept() {
  try {
    const said = localStorage.getItem(KEPT);
    return said === null ? undefined : said !== "off";
  } catch {
    return undefined;
  }
}

function turn(wanted) {
  on = wanted;
  try {
    localStorage.setItem(KEPT, wanted ? "on" : "off");
  } catch {
    // Then it is so on this page alone.
  }
}

/** Listens to keys wherever nobody is typing. */
export function listenToKeys() {
  const box = help()?.querySelector("[data-keys]");
  if (box) {
    box.addEventListener("change", () => turn(box.checked));
    // Another page of the same browser has turned them.
    addEventListener("storage", (event) => {
      if (event.key === KEPT || event.key === null) show(kept() ?? true);
    });
    // A browser that fills in forms again after a reload must not show what is not so.
    addEventListener("pageshow", () => show(kept() ?? on));
    show(on);
  }

  function show(wanted) {
    on = wanted;
    box.checked = wanted;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return leave(event);
    const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, dialog[open]");
    // The help opens even so, or nobody could turn the keys on again.
    const act = on || event.key === "?" ? acts[event.key] : undefined;
    if (typing || !act) return;
    event.preventDefault();
    act();
  });
}
