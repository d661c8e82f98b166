/* What a high-risk action asks for before it may run: evidence opened, a reason, its name typed. Says what is missing;
   the server decides. Used by desk.js and keys.js. */

const boxes = () => [...document.querySelectorAll('#decide details[data-evidence] input[name="opened"]')];

function opened(box) {
  if (box.checked) return;
  box.checked = true;
  // So that the draft remembers it.
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Note of each piece of evidence in a form that it was opened. */
export function watchEvidence(form) {
  for (const block of form.querySelectorAll("details[data-evidence]")) {
    const box = block.querySelector('input[name="opened"]');
    block.addEventListener("toggle", () => { if (box && block.open) opened(box); });
  }
}

const firstUnopened = () => boxes().find((box) => !box.checked);
const summaryOf = (box) => box.closest("details").querySelector("summary");

function isMissing(control) {
  const text = control.value.trim();
  return control.dataset.word === undefined ? text === "" : text.toLowerCase() !== control.dataset.word.toLowerCase();
}

/** The first control that still wants something, or undefined. */
export function missing() {
  const box = firstUnopened();
  return box ? summaryOf(box) : [...document.querySelectorAll("#decide [data-asked]")].find(isMissing);
}

/** Open the next piece of evidence; the focus goes with it. */
export function openEvidence() {
  const box = firstUnopened();
  if (!box) return;
  box.closest("details").open = true;
  // The browser tells of it only later, and the next key may come sooner.
  opened(box);
  summaryOf(box).focus();
}

/** Whether a press of this button would let something run. */
export function lets(button) {
  if (button?.dataset.act === "approve") return true;
  if (button?.dataset.act !== "submit") return false;
  const verbs = [...document.querySelectorAll("#decide [data-action] input[type=radio]:checked")].map((one) => one.value);
  return verbs.length === 0 || verbs.some((verb) => verb === "approve" || verb === "edit");
}
