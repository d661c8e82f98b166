/* The desk's keyboard. Everything works without this. Promise: no key acts while somebody types, while it is held down,
   or in the first moments of an item. Presses the page's own buttons (data-key, data-act); which key does what the
   server says. */

import { openEvidence } from "./friction.js";

// Asked for anew at each key: one item after the other is shown in this page.
const form = () => document.getElementById("decide");
const part = (selector) => form().querySelector(selector);
const act = (name) => part(`[data-act="${name}"]`);
// Acts without a button of their own, by the data attribute of the form that holds their key.
const BY_KEY = { keyField: () => firstField()?.focus(), keyEvidence: openEvidence };

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

function openReject() {
  const reject = part("[data-reject]");
  reject.open = true;
  (reject.querySelector('input[type="checkbox"]') ?? reject.querySelector("textarea")).focus();
}

/** The first doubtful control, or the first that can be changed. */
export function firstField() {
  const controls = [...form().querySelectorAll("[data-control]")];
  return part("[data-doubtful]") ?? controls.find((control) => !control.readOnly && !control.disabled);
}

function leaveField(target) {
  const open = target.closest("details[open].pop");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else {
    document.getElementById("main").focus();
  }
}

function submitFrom(target) {
  if (part("[data-reject]").contains(target)) return act("reject");
  const judged = part("[data-action] input[type=radio]:checked, .field .changed");
  return target.closest("[data-friction]") && !judged ? act("approve") : act("submit");
}

function onKey(event) {
  const target = event.target;
  if (!form() || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    // Within “More” nothing is judged.
    if (!event.repeat && "ready" in form().dataset && !part("[data-more]").contains(target)) submitFrom(target).click();
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
  const reject = part("[data-reject]");
  const more = part("[data-more]");
  if (!("ready" in form().dataset) || reject.open || more.open) return;
  const control = [...form().querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  const own = control ? undefined : Object.keys(BY_KEY).find((name) => form().dataset[name] === event.key);
  if (!control && !own) return;
  event.preventDefault();
  if (own) BY_KEY[own]();
  else if (reject.contains(control)) openReject();
  else if (more.contains(control)) openMore();
  else control.click();
}

function openMore() {
  const more = part("[data-more]");
  more.open = true;
  more.querySelector("textarea").focus();
}

/** Offer the sheet of keys, which only a script can open. */
export function offerKeys(form) {
  const sheet = form.querySelector('[data-act="keys"]');
  sheet.hidden = false;
  sheet.addEventListener("click", () => document.getElementById("keys").showModal());
}

document.addEventListener("keydown", onKey);
