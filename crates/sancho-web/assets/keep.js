// Puts fresh parts of a page in the place of old ones. What a person has selected, typed, opened or focused stays so.

const FIELDS = "input:not([type=hidden]), select, textarea";
const FOCUSABLE = `a[href], button, summary, ${FIELDS}`;

/** Puts `fresh` in the place of `part`, and tells of it by an event `fresh`, which goes up from it. */
export function exchange(part, fresh) {
  const fields = new Map(named(part, FIELDS).map(([name, field]) => [name, field]));
  const open = new Set(named(part, "details[open]").map(([name]) => name));
  const focus = part.contains(document.activeElement) ? placeOf(part, document.activeElement) : null;
  part.replaceWith(fresh);
  for (const [name, field] of named(fresh, FIELDS)) {
    const old = fields.get(name);
    if (!old) continue;
    if (field.type === "checkbox" || field.type === "radio") field.checked = old.checked;
    else field.value = old.value;
  }
  for (const [name, details] of named(fresh, "details")) {
    if (open.has(name)) details.open = true;
  }
  fresh.dispatchEvent(new CustomEvent("fresh", { bubbles: true }));
  if (focus) refocus(fresh, focus);
}

/** Elements with names by which they are known again: the row that they are in, what they are, and which of those. */
function named(part, selector) {
  const seen = new Map();
  return [...part.querySelectorAll(selector)].map((element) => {
    const isChoice = element.matches("button, [type=checkbox], [type=radio]");
    const own = [element.tagName, element.getAttribute("name") ?? element.dataset.name ?? "", isChoice ? element.value : ""];
    const name = JSON.stringify([rowName(element), ...own, linkName(element)]);
    const number = seen.get(name) ?? 0;
    seen.set(name, number + 1);
    return [`${name}${number}`, element];
  });
}

function rowName(element) {
  return element.closest("tbody tr")?.querySelector("a[href]")?.getAttribute("href") ?? "";
}

function linkName(element) {
  return element.tagName === "A" ? element.getAttribute("href") : "";
}

function rowsOf(part) {
  return [...part.querySelectorAll("tbody tr")];
}

function placeOf(part, element) {
  const found = named(part, FOCUSABLE).find(([, it]) => it === element);
  return { name: found?.[0], row: rowsOf(part).indexOf(element.closest("tbody tr")) };
}

/** Focuses the same element; where its row is gone, the link of the row that stands there now. */
function refocus(part, { name, row }) {
  const same = named(part, FOCUSABLE).find(([it]) => it === name)?.[1];
  const rows = rowsOf(part);
  const near = row >= 0 ? rows[Math.min(row, rows.length - 1)]?.querySelector("a[href]") : null;
  (same ?? near)?.focus({ preventScroll: true });
}
