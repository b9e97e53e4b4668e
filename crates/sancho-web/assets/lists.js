// Lists: one box selects a whole page, and a long action goes on by itself.

export function tendLists() {
  for (const all of document.querySelectorAll("input[data-picks]")) {
    const form = all.closest("form");
    const boxes = () => [...form.querySelectorAll(`input[name="${all.dataset.picks}"]`)];
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const box of boxes()) box.checked = all.checked;
    });
    form.addEventListener("change", (event) => {
      if (event.target.name === all.dataset.picks) {
        const checked = boxes().filter((box) => box.checked).length;
        all.checked = checked > 0 && checked === boxes().length;
        all.indeterminate = checked > 0 && !all.checked;
      }
    });
  }
  // The page before this one said how many there are, and the person agreed.
  document.querySelector("form[data-goes-on]")?.requestSubmit();
}
