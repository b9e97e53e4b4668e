// Lists: one box selects a whole page, Shift selects a span, and the page says how many are selected.

/** Tends the lists below `root`. */
export function tendLists(root) {
  for (const all of root.querySelectorAll("input[data-picks]")) tend(all);
  for (const select of root.querySelectorAll("select[data-sends]")) {
    const form = select.form;
    for (const button of form.querySelectorAll("button")) button.hidden = true;
    select.addEventListener("change", () => form.requestSubmit());
  }
}

function tend(all) {
  const form = all.closest("form");
  const boxes = [...form.querySelectorAll(`input[name="${all.dataset.picks}"]`)];
  let last = -1;
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    told();
  });
  form.addEventListener("click", (event) => {
    const at = boxes.indexOf(event.target);
    if (at < 0) return;
    if (event.shiftKey && last >= 0) {
      for (const box of boxes.slice(Math.min(at, last), Math.max(at, last) + 1)) box.checked = event.target.checked;
    }
    last = at;
  });
  form.addEventListener("keydown", (event) => {
    // A box is no place to send a form from.
    if (event.key === "Enter" && event.target.matches("[type=checkbox], [type=radio]")) event.preventDefault();
  });
  form.addEventListener("change", (event) => {
    if (!boxes.includes(event.target)) return;
    told();
    // Whoever selects some means those.
    const picked = form.querySelector("input[name=scope][value=picked]");
    if (picked && event.target.checked) picked.checked = true;
  });
  told();

  function told() {
    const checked = boxes.filter((box) => box.checked).length;
    all.checked = checked > 0 && checked === boxes.length;
    all.indeterminate = checked > 0 && !all.checked;
    const count = form.querySelector("[data-picked]");
    if (count) count.textContent = checked > 0 ? ` (${checked})` : "";
  }
}
