// Filling in a form as somebody would who does not care, and sending it by one of its buttons.

/** What is written into fields that are empty, by their type. */
const SAMPLES = {
  "datetime-local": "2031-05-06T07:08",
  date: "2031-05-06",
  time: "07:08",
  number: "1",
};

/** How often a form is asked that a live page puts another in the place of meanwhile. */
const ASKED_MAX = 20;

/** Sends the form at this place in the page by its first button of this name and this value. */
export async function submit(page, { form, button, choices, text }, visitor) {
  const chosen = page.locator("form").nth(form);
  await ask(chosen, unfold);
  for (const [name, value] of choices) await chosen.locator(`input[name="${name}"][value="${value}"]`).check();
  const { box, empty } = await ask(chosen, lacks);
  const inputs = chosen.locator("input");
  if (box >= 0) await inputs.nth(box).check();
  for (const [index, type] of empty) await inputs.nth(index).fill(SAMPLES[type] ?? text);
  // Found anew until it is pressed: a live page may put another in its place meanwhile.
  const { name, value } = button;
  const pressed = name ? `[name=${JSON.stringify(name)}][value=${JSON.stringify(value)}]` : ":not([name], [type=button], [hidden])";
  return visitor.arrives(() => chosen.locator(`button${pressed}:enabled`).first().click());
}

/** Asks a form something. One that is no part of the page any more has no answer, and the one in its place is asked. */
async function ask(chosen, question) {
  for (let asked = 0; asked < ASKED_MAX; asked += 1) {
    const answer = await chosen.evaluate(question);
    if (answer) return answer;
  }
  throw new Error(`the form was replaced ${ASKED_MAX} times before it could be asked`);
}

/** Opens whatever is folded away around a form and in it: it has to be unfolded to be seen. */
function unfold(form) {
  if (!form.isConnected) return false;
  for (let around = form; around; around = around.parentElement) if (around.matches("details")) around.open = true;
  for (const details of form.querySelectorAll("details")) details.open = true;
  return true;
}

/** Which inputs of a form that can be seen are for somebody to fill in: the first box, and those without a value. */
function lacks(form) {
  if (!form.isConnected) return false;
  const inputs = [...form.querySelectorAll("input")];
  const isSeen = (input) => input.checkVisibility({ visibilityProperty: true }) && input.getClientRects().length > 0;
  const isText = ({ type }) => !["checkbox", "radio", "hidden", "submit"].includes(type);
  const isEmpty = (input) => isSeen(input) && isText(input) && !input.value;
  return {
    box: inputs.findIndex((input) => input.type === "checkbox" && input.name && isSeen(input)),
    empty: inputs.map((input, index) => [index, input.type, isEmpty(input)]).filter(([, , isEmpty]) => isEmpty),
  };
}
