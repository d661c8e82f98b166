/* The desk's form: drafts and handing in. Everything works without this; it keeps what is typed. Promise: nothing typed
   is lost: it goes to data-draft-url soon after the last key as {token, fields}, where fields is what the form would
   post ("draft-saved" tells others on the page), and into the tab's own storage while the server cannot be reached.
   One page decides once. Holds no rule of its own. Sets data-ready on the form when the keys (keys.js) are live. */

import { lets, missing } from "./friction.js";
import { firstField } from "./keys.js";

const SAVE_MS = 800;
const SETTLE_MS = 300;
const form = document.getElementById("decide");
const unsent = document.getElementById("unsent");
const warning = form.querySelector("[data-warning]");
const draftState = form.querySelector("[data-draft-state]");
const storageKey = `draft:${form.dataset.claim}`;
const act = (name) => form.querySelector(`[data-act="${name}"]`);

const controls = [...form.querySelectorAll("[data-control]")];

function original(control) {
  // Not the present value: some browsers bring typed text back on a reload.
  const fromPage = control.tagName === "SELECT" ? [...control.options].find((one) => one.defaultSelected)?.value : control.defaultValue;
  return control.dataset.original ?? fromPage ?? control.value;
}

function changed() {
  const plain = (text) => text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  return controls.filter((control) => plain(control.value) !== plain(original(control)));
}

function markChanges() {
  const now = new Set(changed());
  for (const control of controls) {
    const head = control.closest(".field").querySelector(".field-head");
    let word = head.querySelector(".changed");
    if (now.has(control) && !word) {
      word = document.createElement("span");
      word.className = "field-notes";
      const inner = document.createElement("span");
      inner.className = "changed";
      inner.textContent = "changed";
      word.append(inner);
      head.append(word);
    } else if (!now.has(control) && word) {
      word.parentElement.remove();
    }
  }
  const words = form.querySelector("[data-words-of]");
  if (words) {
    const text = document.getElementById(words.dataset.wordsOf).value.trim();
    words.textContent = `${text === "" ? 0 : text.split(/\s+/).length} words`;
  }
}

function chooseEdit(control) {
  const action = control.closest("[data-action]");
  const edit = action?.querySelector('input[type="radio"][value="edit"]');
  const chosen = action?.querySelector('input[type="radio"]:checked');
  if (edit && control.matches("[data-control]") && (!chosen || chosen.value === "approve")) edit.checked = true;
}

let saveTimer = 0;
let saving = false;
let unsavedEdits = false;
let leaving = false;

function typed() {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (["token", "content_sha256", "discard_edits", "confirmation"].includes(name)) continue;
    fields[name] = name in fields ? [].concat(fields[name], value) : value;
  }
  return fields;
}

function draftBody() {
  return JSON.stringify({ token: form.dataset.token, fields: typed() });
}

function keepHere() {
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(typed()));
  } catch {
    // Storage may be full or switched off; the warning on the page already says that the text is not saved.
  }
}

async function save() {
  clearTimeout(saveTimer);
  if (saving || leaving) return;
  saving = true;
  unsavedEdits = false;
  try {
    const answer = await fetch(form.dataset.draftUrl, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: draftBody(), redirect: "error",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    sessionStorage.removeItem(storageKey);
    warn("");
    document.dispatchEvent(new CustomEvent("draft-saved", { detail: await answer.json() }));
    draftState.textContent = `Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })}`;
  } catch (error) {
    notSaved(error.message);
  } finally {
    saving = false;
    if (unsavedEdits) scheduleSave();
  }
}

function notSaved(reason) {
  unsavedEdits = true;
  keepHere();
  draftState.textContent = "Draft not saved";
  warn(reason === "401"
    ? "You are signed out. Your text is kept in this tab: sign in again in another tab, then go on here."
    : "Your text could not be saved on the server. It is kept in this tab and tried again; do not close the tab.");
}

function scheduleSave() {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, SAVE_MS);
}

function restore() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith("draft:") && key !== storageKey) sessionStorage.removeItem(key);
  }
  // A form that an answer was put into, or whose rows were changed, is newer than what stood in it before.
  if ("newer" in form.dataset) sessionStorage.removeItem(storageKey);
  const kept = sessionStorage.getItem(storageKey);
  if (!kept || kept === JSON.stringify(typed())) return;
  for (const [name, value] of Object.entries(JSON.parse(kept))) {
    const values = [].concat(value);
    for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (control.matches("[type=checkbox], [type=radio]")) control.checked = values.includes(control.value);
      else if (control.matches("textarea, select, input[type=text]")) control.value = values[0];
    }
  }
  warn("Text from this tab that had not reached the server is shown again.");
  scheduleSave();
}

function warn(text) {
  warning.hidden = text === "";
  if (warning.textContent !== text) warning.textContent = text;
}

function onSubmit(event) {
  if (leaving) {
    event.preventDefault();
    return;
  }
  const wanted = lets(event.submitter) ? missing() : undefined;
  if (wanted) {
    event.preventDefault();
    warn("Not yet: this is of high risk. What is missing has the focus.");
    wanted.focus();
    return;
  }
  const approves = event.submitter === act("approve");
  const count = changed().length + form.querySelectorAll("[data-rows]").length;
  if (approves && count && !form.querySelector('[name="discard_edits"]')) {
    event.preventDefault();
    unsent.querySelector("[data-changed-count]").textContent = count === 1 ? "1 field" : `${count} fields`;
    unsent.showModal();
    return;
  }
  leaving = true;
  clearTimeout(saveTimer);
  // Should the server not answer, the browser's Back finds the text here; the next page that opens clears it away.
  keepHere();
}

function onAnswer(event) {
  const answer = event.target.closest("[data-answer]")?.dataset.answer;
  if (!answer) return;
  unsent.close();
  if (answer === "approve") {
    const agreed = document.createElement("input");
    agreed.type = "hidden";
    agreed.name = "discard_edits";
    agreed.value = "1";
    form.append(agreed);
    act("approve").click();
  } else if (answer === "submit") {
    act("submit").click();
  } else {
    firstField()?.focus();
  }
}

form.addEventListener("input", (event) => {
  unsavedEdits = true;
  chooseEdit(event.target);
  markChanges();
  scheduleSave();
});
form.addEventListener("submit", onSubmit);
form.addEventListener("formdata", (event) => {
  // An untouched field means "as it was"; leaving it out keeps a long output from being sent back for nothing.
  const touched = new Set(changed());
  for (const control of controls) if (!touched.has(control)) event.formData.delete(control.name);
});
unsent.addEventListener("click", onAnswer);
document.addEventListener("lease-lost", () =>
  warn("This item is no longer yours: its time ran out or somebody decided it. What you typed is kept as a draft. You may still submit; it counts if nobody else has taken the item."));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden || !unsavedEdits || leaving) return;
  keepHere();
  navigator.sendBeacon(form.dataset.draftUrl, new Blob([draftBody()], { type: "application/json" }));
});
window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
window.addEventListener("beforeunload", (event) => { if (unsavedEdits && !leaving) event.preventDefault(); });

const outcome = form.querySelector("[data-outcome]");
if (!outcome.hidden) {
  // A live region speaks when its text changes, not when it arrives with the page.
  const said = outcome.textContent;
  outcome.textContent = "";
  setTimeout(() => { outcome.textContent = said; }, 100);
}
const undo = form.querySelector("[data-undo]");
if (undo) {
  const until = performance.now() + Number(undo.dataset.undo) * 1_000;
  const counting = setInterval(() => {
    const left = Math.ceil((until - performance.now()) / 1_000);
    undo.querySelector("[data-undo-left]").textContent = String(Math.max(left, 0));
    if (left <= 0) {
      clearInterval(counting);
      undo.remove();
    }
  }, 500);
}
restore();
markChanges();
setTimeout(() => { form.dataset.ready = ""; }, SETTLE_MS);
