// Filling in a form as somebody would who does not care, and sending it by one of its buttons.

/** What is written into fields that are empty, by their type. */
const SAMPLES = {
  "datetime-local": "2031-05-06T07:08",
  date: "2031-05-06",
  time: "07:08",
  number: "1",
};

/** Sends the form at this place in the page by its first button of this name and this value. */
export async function submit(page, { form, button, choices, text }, visitor) {
  const forms = page.locator("form");
  const chosen = forms.nth(form);
  // What is folded away has to be unfolded to be seen.
  for (const folded of await chosen.locator("xpath=ancestor-or-self::details | .//details").all()) {
    await folded.evaluate((details) => (details.open = true));
  }
  for (const [name, value] of choices) await chosen.locator(`input[name="${name}"][value="${value}"]`).check();
  const boxes = chosen.locator("input[type=checkbox][name]:visible");
  if ((await boxes.count()) > 0) await boxes.first().check();
  for (const input of await chosen.locator("input:visible").all()) {
    const type = await input.getAttribute("type");
    if (["checkbox", "radio", "hidden", "submit"].includes(type) || (await input.inputValue())) continue;
    await input.fill(SAMPLES[type] ?? text);
  }
  // Found anew until it is pressed: a live page may put another in its place meanwhile.
  const { name, value } = button;
  const pressed = name ? `[name=${JSON.stringify(name)}][value=${JSON.stringify(value)}]` : ":not([name], [type=button], [hidden])";
  return visitor.arrives(() => chosen.locator(`button${pressed}:enabled`).first().click());
}
