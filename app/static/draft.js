/* Keeps what is typed into the desk's form. Promise: nothing typed is lost: it goes to data-draft-url soon after the last
   key as {token, fields}, where fields is what the form would post ("draft-saved" tells others on the page), and into
   the tab's own storage while the server cannot be reached. Used by desk.js. */

const SAVE_MS = 800;
const UNSAVED = "Your text could not be saved on the server. It is kept in this tab and tried again; do not close the tab.";
const SIGNED_OUT = "You are signed out. Your text is kept in this tab: sign in again in another tab, then go on here.";
const OFFLINE = "You are offline. Your text is kept in this tab and saved as soon as you are back; do not close the tab.";
// Proofs of what was shown and agreed to: they hold for the page that they stand on.
const NOT_KEPT = ["token", "content_sha256", "discard_edits", "confirmation"];

export class Draft {
  #form;
  #warn;
  #key;
  #state;
  #timer = 0;
  #saving = false;
  #unsaved = false;
  #left = false;

  /** warn(text) says on the page what is wrong, "" that nothing is. */
  constructor(form, { warn, signal }) {
    this.#form = form;
    this.#warn = warn;
    this.#key = `draft:${form.dataset.claim}`;
    this.#state = form.querySelector("[data-draft-state]");
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    on(document, "visibilitychange", () => this.#hidden());
    on(window, "beforeunload", (event) => { if (this.#unsaved && !this.#left) event.preventDefault(); });
    on(window, "online", () => { if (this.#unsaved) this.#save(); });
    on(window, "offline", () => { if (this.#unsaved) this.#warn(OFFLINE); });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#restore();
  }

  /** Something was typed. */
  noted() {
    this.#unsaved = true;
    this.#saveSoon();
  }

  /** The form is on its way: nothing more is saved. Should the page be lost meanwhile, the tab still has the text. */
  leave() {
    this.#left = true;
    clearTimeout(this.#timer);
    this.#keepHere();
  }

  /** The server answered: what was typed is there, or on the page that it answered with. */
  arrived() {
    sessionStorage.removeItem(this.#key);
  }

  /** The form was not taken after all. */
  stay() {
    this.#left = false;
    if (this.#unsaved) this.#saveSoon();
  }

  #typed() {
    const fields = {};
    for (const [name, value] of new FormData(this.#form)) {
      if (NOT_KEPT.includes(name)) continue;
      fields[name] = name in fields ? [].concat(fields[name], value) : value;
    }
    return fields;
  }

  #body() {
    return JSON.stringify({ token: this.#form.dataset.token, fields: this.#typed() });
  }

  #keepHere() {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.#typed()));
    } catch {
      // Storage may be full or switched off; the warning on the page already says that the text is not saved.
    }
  }

  #saveSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), SAVE_MS);
  }

  async #save() {
    clearTimeout(this.#timer);
    if (this.#saving || this.#left) return;
    this.#saving = true;
    this.#unsaved = false;
    try {
      const answer = await fetch(this.#form.dataset.draftUrl, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: this.#body(), redirect: "error",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#saved(await answer.json());
    } catch (error) {
      this.#notSaved(error.message);
    } finally {
      this.#saving = false;
      if (this.#unsaved && this.#form.isConnected) this.#saveSoon();
    }
  }

  #saved(answer) {
    if (!this.#form.isConnected) return;
    sessionStorage.removeItem(this.#key);
    this.#warn("");
    document.dispatchEvent(new CustomEvent("draft-saved", { detail: answer }));
    this.#state.textContent = `Saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })}`;
  }

  #notSaved(reason) {
    // Where the form has been handed in meanwhile, its text went with it.
    if (!this.#form.isConnected) return;
    this.#unsaved = true;
    this.#keepHere();
    this.#state.textContent = "Draft not saved";
    this.#warn(reason === "401" ? SIGNED_OUT : navigator.onLine ? UNSAVED : OFFLINE);
  }

  #hidden() {
    if (!document.hidden || !this.#unsaved || this.#left) return;
    this.#keepHere();
    navigator.sendBeacon(this.#form.dataset.draftUrl, new Blob([this.#body()], { type: "application/json" }));
  }

  #restore() {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith("draft:") && key !== this.#key) sessionStorage.removeItem(key);
    }
    // A form that an answer was put into, or whose rows were changed, is newer than what stood in it before.
    if ("newer" in this.#form.dataset) sessionStorage.removeItem(this.#key);
    const kept = sessionStorage.getItem(this.#key);
    if (!kept || kept === JSON.stringify(this.#typed())) return;
    for (const [name, value] of Object.entries(JSON.parse(kept))) {
      const values = [].concat(value);
      for (const control of this.#form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (control.matches("[type=checkbox], [type=radio]")) control.checked = values.includes(control.value);
        else if (control.matches("textarea, select, input[type=text]")) control.value = values[0];
      }
    }
    this.#warn("Text from this tab that had not reached the server is shown again.");
    this.#saveSoon();
  }
}
