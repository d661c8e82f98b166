/* The desk's keyboard. Everything works without this. Promise: no key acts while somebody types, while it is held down,
   or in the first moments of a page. Presses the page's own buttons (data-key, data-act); which key does what the
   server says. */

import { openEvidence } from "./friction.js";

const form = document.getElementById("decide");
const main = document.getElementById("main");
const reject = form.querySelector("[data-reject]");
const more = form.querySelector("[data-more]");
const act = (name) => form.querySelector(`[data-act="${name}"]`);
// Acts without a button of their own, by the data attribute of the form that holds their key.
const BY_KEY = { keyField: () => firstField()?.focus(), keyEvidence: openEvidence };

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

function openReject() {
  reject.open = true;
  (reject.querySelector('input[type="checkbox"]') ?? reject.querySelector("textarea")).focus();
}

/** The first doubtful control, or the first that can be changed. */
export function firstField() {
  const controls = [...form.querySelectorAll("[data-control]")];
  return form.querySelector("[data-doubtful]") ?? controls.find((control) => !control.readOnly && !control.disabled);
}

function leaveField(target) {
  const open = target.closest("details[open].pop");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else {
    main.focus();
  }
}

function submitFrom(target) {
  if (reject.contains(target)) return act("reject");
  const judged = form.querySelector("[data-action] input[type=radio]:checked, .field .changed");
  return target.closest("[data-friction]") && !judged ? act("approve") : act("submit");
}

function onKey(event) {
  const target = event.target;
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    // Within “More” nothing is judged.
    if (!event.repeat && !more.contains(target)) submitFrom(target).click();
  } else if (event.key === "Enter" && target.matches('input[type="text"]')) {
    event.preventDefault();
  } else if (event.key === "Escape") {
    if (typing(target) || target.closest("details[open].pop")) leaveField(target);
  } else if (!event.repeat && !event.ctrlKey && !event.altKey && !event.metaKey && !typing(target)) {
    pressed(event);
  }
}

function pressed(event) {
  // A key struck twice must not decide the next item before anybody has seen it.
  if (!("ready" in form.dataset) || reject.open || more.open) return;
  const control = [...form.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  const own = control ? undefined : Object.keys(BY_KEY).find((name) => form.dataset[name] === event.key);
  if (!control && !own) return;
  event.preventDefault();
  if (own) BY_KEY[own]();
  else if (reject.contains(control)) openReject();
  else if (more.contains(control)) openMore();
  else control.click();
}

function openMore() {
  more.open = true;
  more.querySelector("textarea").focus();
}

document.addEventListener("keydown", onKey);
const sheet = act("keys");
sheet.hidden = false;
sheet.addEventListener("click", () => document.getElementById("keys").showModal());
