// Exact times in the person's own zone: pages are written in UTC.

const exact = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "long" });

/** Titles of all times below `root` say the time in the person's zone. */
export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      const shown = exact.format(at);
      if (time.classList.contains("exact")) time.textContent = shown;
      else time.title = shown;
    }
  }
}
