// Times in the person's own zone: pages are written in UTC, and so is what they send.

const language = document.documentElement.lang;
const exact = new Intl.DateTimeFormat(language, {
  year: "numeric",
  // Months of Vietnamese have numbers for names.
  month: language === "vi" ? "numeric" : "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const minute = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });
const zone = new Intl.DateTimeFormat(language, { timeZoneName: "short" });

/** Titles of all times below `root` say the time in the person's zone, and fields take it. */
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
  for (const head of root.querySelectorAll("[data-here]")) {
    if (isByMinute(head)) head.textContent = head.dataset.here;
  }
  for (const field of root.querySelectorAll("input[data-utc][name]")) takeLocal(field);
}

/** The counters of a day are those of a day of UTC, and stay so. */
function isByMinute(part) {
  return part.closest("figure")?.dataset.by === "minute";
}

/**
 * The person types in their own zone, and a field beside sends the same time in UTC: as long as both are in sight.
 * Whoever has put the field away has chosen otherwise.
 */
function takeLocal(field) {
  const sent = document.createElement("input");
  sent.type = "hidden";
  sent.name = field.name;
  field.dataset.name = field.name;
  field.removeAttribute("name");
  field.after(sent);
  const named = zone.formatToParts(new Date()).find((part) => part.type === "timeZoneName");
  const word = field.closest("label")?.querySelector("[data-zone]");
  if (word && named) word.textContent = `(${named.value})`;
  const details = field.closest("details");
  const translate = () => {
    sent.disabled = details !== null && !details.open;
    // A time without a zone is read in the person's own.
    const at = new Date(field.value);
    sent.value = Number.isNaN(at.getTime()) ? "" : at.toISOString().slice(0, 19);
  };
  field.addEventListener("input", translate);
  details?.addEventListener("toggle", translate);
  translate();
}
