// The keyboard: / search, j and k move, x selects, Enter opens, ? helps.

let at = -1;

function rows() {
  return [...document.querySelectorAll("table.rows > tbody > tr")];
}

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  all[at]?.classList.remove("on");
  at = Math.min(Math.max(at + step, 0), all.length - 1);
  all[at].classList.add("on");
  all[at].scrollIntoView({ block: "nearest" });
}

const acts = {
  "/": () => document.querySelector("input[type=search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => rows()[at]?.querySelector("input[type=checkbox]")?.click(),
  Enter: () => rows()[at]?.querySelector("a")?.click(),
  "?": () => document.querySelector("dialog.help")?.showModal(),
};

/** Listens to keys wherever nobody is typing. */
export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), select, textarea, dialog");
    const pressing = event.key === "Enter" && event.target.closest?.("a, button");
    if (typing || pressing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
