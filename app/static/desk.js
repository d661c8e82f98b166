/* The desk: one open item after the other, in one page. Everything works without this; it keeps what is typed
   (draft.js), asks before typed changes are dropped, hands the form in and shows what comes next in its place
   (in_place.js). One form is handed in once. Holds no rule of its own. Sets data-ready on the form while it may be
   judged: the keys (keys.js) act only then. */

import { keepAhead } from "./ahead.js";
import { Draft } from "./draft.js";
import { changed, chooseEdit, dropUntouched, markChanges } from "./fields.js";
import { lets, missing, watchEvidence } from "./friction.js";
import { fromAnotherRelease, NotTaken, post, show } from "./in_place.js";
import { firstField, offerKeys } from "./keys.js";

// What is struck twice must not decide the next item before anybody has seen it; nobody sees and decides this fast.
const SETTLE_MS = 250;
// What is quick needs no word; what is not says so well within a second.
const SAY_AFTER_MS = 400;
const LOST = "This item is no longer yours: its time ran out or somebody decided it. What you typed is kept as a draft. You may still submit; it counts if nobody else has taken the item.";

let settledAt = performance.now() + SETTLE_MS;

class OpenItem {
  #form;
  #unsent = document.getElementById("unsent");
  #life = new AbortController();
  #draft;
  #leaving = false;
  // Two things may be wrong at once: the form was not taken, and the draft was not saved.
  #refusal = "";
  #unsaved = "";

  constructor(form) {
    this.#form = form;
    const { signal } = this.#life;
    const on = (target, name, act) => target.addEventListener(name, act, { signal });
    // Before the draft, which asks what the form would post.
    on(form, "formdata", (event) => dropUntouched(form, event.formData));
    this.#draft = new Draft(form, { warn: (text) => { this.#unsaved = text; this.#warn(); }, signal });
    on(form, "input", (event) => this.#onInput(event));
    on(form, "submit", (event) => this.#onSubmit(event));
    on(this.#unsent, "click", (event) => this.#onAnswer(event));
    on(document, "lease-lost", () => { if (!this.#leaving) this.#refuse(LOST); });
    watchEvidence(form);
    offerKeys(form);
    keepAhead(form.dataset.aheadUrl, signal);
    markChanges(form);
    sayOutcome(form);
    countUndo(form, signal);
    setTimeout(() => this.#settle(), settledAt - performance.now());
  }

  #settle() {
    if (!this.#leaving) this.#form.dataset.ready = "";
  }

  #act(name) {
    return this.#form.querySelector(`[data-act="${name}"]`);
  }

  #refuse(why) {
    this.#refusal = why;
    this.#warn();
  }

  #warn() {
    const warning = this.#form.querySelector("[data-warning]");
    const text = [this.#refusal, this.#unsaved].filter((one) => one !== "").join(" ");
    warning.hidden = text === "";
    if (warning.textContent !== text) warning.textContent = text;
  }

  #onInput(event) {
    chooseEdit(event.target);
    markChanges(this.#form);
    this.#draft.noted();
  }

  #onSubmit(event) {
    event.preventDefault();
    if (this.#leaving) return;
    const wanted = lets(event.submitter) ? missing() : undefined;
    if (wanted) {
      this.#refuse("Not yet: this is of high risk. What is missing has the focus.");
      wanted.focus();
    } else if (event.submitter === this.#act("approve") && this.#dropsChanges()) {
      this.#unsent.showModal();
    } else {
      this.#handIn(event.submitter);
    }
  }

  #dropsChanges() {
    const count = changed(this.#form).length + this.#form.querySelectorAll("[data-rows]").length;
    this.#unsent.querySelector("[data-changed-count]").textContent = count === 1 ? "1 field" : `${count} fields`;
    return count > 0 && !this.#form.querySelector('[name="discard_edits"]');
  }

  #onAnswer(event) {
    const answer = event.target.closest("[data-answer]")?.dataset.answer;
    if (!answer) return;
    this.#unsent.close();
    if (answer === "approve") {
      const agreed = document.createElement("input");
      agreed.type = "hidden";
      agreed.name = "discard_edits";
      agreed.value = "1";
      this.#form.append(agreed);
      this.#act("approve").click();
    } else if (answer === "submit") {
      this.#act("submit").click();
    } else {
      firstField()?.focus();
    }
  }

  async #handIn(submitter) {
    const pressedAt = performance.now();
    this.#leaving = true;
    delete this.#form.dataset.ready;
    this.#form.setAttribute("aria-busy", "true");
    this.#refuse("");
    this.#draft.leave();
    const state = this.#form.querySelector("[data-draft-state]");
    const saying = setTimeout(() => { state.textContent = "Handing in …"; }, SAY_AFTER_MS);
    const progress = (share) => {
      if (performance.now() - pressedAt < SAY_AFTER_MS) return;
      state.textContent = share < 1 ? `Handing in, ${Math.floor(share * 100)} %` : "Sent; the next is on its way …";
    };
    try {
      const { page, url } = await post(this.#form, submitter, progress);
      this.#goOn(page, url, submitter, pressedAt);
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      this.#stay(error.message);
    } finally {
      clearTimeout(saying);
    }
  }

  #goOn(page, url, submitter, pressedAt) {
    if (fromAnotherRelease(page) || (!page.getElementById("decide") && url)) {
      window.location.assign(url ?? window.location.href);
      return;
    }
    this.#life.abort();
    this.#draft.arrived();
    if (url) window.history.replaceState(null, "", url);
    // The same item once more, with a row added or a fault named, was seen before.
    settledAt = show(page, submitter) ? 0 : pressedAt + SETTLE_MS;
    start();
  }

  #stay(why) {
    this.#leaving = false;
    this.#form.removeAttribute("aria-busy");
    this.#form.querySelector("[data-draft-state]").textContent = "Not handed in";
    this.#draft.stay();
    this.#refuse(why);
    this.#settle();
  }
}

/** A live region speaks when its text changes, not when it arrives with the page. */
function sayOutcome(form) {
  const outcome = form.querySelector("[data-outcome]");
  if (outcome.hidden) return;
  const said = outcome.textContent;
  outcome.textContent = "";
  setTimeout(() => { outcome.textContent = said; }, 100);
}

function countUndo(form, signal) {
  const undo = form.querySelector("[data-undo]");
  if (!undo) return;
  const until = performance.now() + Number(undo.dataset.undo) * 1_000;
  const counting = setInterval(() => {
    const left = Math.ceil((until - performance.now()) / 1_000);
    undo.querySelector("[data-undo-left]").textContent = String(Math.max(left, 0));
    if (left <= 0) {
      clearInterval(counting);
      undo.remove();
    }
  }, 500);
  signal.addEventListener("abort", () => clearInterval(counting));
}

function start() {
  const form = document.getElementById("decide");
  if (form) new OpenItem(form);
}

window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
// The second half of a double click belongs to the item that the first half decided.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("#decide button")) event.preventDefault();
}, true);
start();
