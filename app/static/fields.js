/* What somebody changed in the desk's form, and the word beside each field that says so. Used by desk.js and draft.js. */

const controlsOf = (form) => [...form.querySelectorAll("[data-control]")];

function original(control) {
  // Not the present value: some browsers bring typed text back on a reload.
  const fromPage = control.tagName === "SELECT" ? [...control.options].find((one) => one.defaultSelected)?.value : control.defaultValue;
  return control.dataset.original ?? fromPage ?? control.value;
}

/** The controls whose text is not what it was. */
export function changed(form) {
  const plain = (text) => text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  return controlsOf(form).filter((control) => plain(control.value) !== plain(original(control)));
}

function mark(control, isChanged) {
  const head = control.closest(".field").querySelector(".field-head");
  const word = head.querySelector(".changed");
  if (isChanged && !word) {
    const notes = document.createElement("span");
    notes.className = "field-notes";
    const inner = document.createElement("span");
    inner.className = "changed";
    inner.textContent = "changed";
    notes.append(inner);
    head.append(notes);
  } else if (!isChanged && word) {
    word.parentElement.remove();
  }
}

/** Say beside each field whether it was changed, and how many words a text has. */
export function markChanges(form) {
  const now = new Set(changed(form));
  for (const control of controlsOf(form)) mark(control, now.has(control));
  const words = form.querySelector("[data-words-of]");
  if (!words) return;
  const text = document.getElementById(words.dataset.wordsOf).value.trim();
  words.textContent = `${text === "" ? 0 : text.split(/\s+/).length} words`;
}

/** Whoever changes an action's arguments means to edit it, unless she chose something else already. */
export function chooseEdit(control) {
  const action = control.closest("[data-action]");
  const edit = action?.querySelector('input[type="radio"][value="edit"]');
  const chosen = action?.querySelector('input[type="radio"]:checked');
  if (edit && control.matches("[data-control]") && (!chosen || chosen.value === "approve")) edit.checked = true;
}

/** An untouched field means "as it was"; leaving it out keeps a long output from being sent back for nothing. */
export function dropUntouched(form, data) {
  const touched = new Set(changed(form));
  for (const control of controlsOf(form)) if (!touched.has(control)) data.delete(control.name);
}
