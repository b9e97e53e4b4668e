// Exact times in the person's own zone: pages are written in UTC, and say so.

const lang = document.documentElement.lang;
const exact = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "long" });
const minute = new Intl.DateTimeFormat(lang, { dateStyle: "short", timeStyle: "short" });

/** Says all times below `root` in the person's zone: as the title of those in words, and as the text of exact ones. */
export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const table = time.closest(".numbers");
    if (!table) {
      const shown = exact.format(at);
      if (time.classList.contains("exact")) time.textContent = shown;
      else time.title = shown;
    } else if (isByMinute(table)) {
      time.textContent = minute.format(at);
    }
  }
  for (const head of root.querySelectorAll("[data-zone]")) {
    if (isByMinute(head)) head.textContent = head.dataset.zone;
  }
}

/** The counters of a day are those of a day of UTC, and stay so. */
function isByMinute(part) {
  return part.closest("figure")?.dataset.by === "minute";
}
