/* <review-clock>: tells the server that somebody works on the open item, and shows what the server counted.
   Posts {seq, client_mono_ms, state, last_input_age_ms} to data-beats-url every 15 s and at once when the page is
   hidden, shown, focused or left; when it is hidden, as a beacon (a Blob of type application/json).
   Knows only that there was an input and when; never which key or what text. The server alone creates seconds: what is
   shown between two answers is an estimate. Fires "lease-lost" on itself when the server says the claim is over. */

const BEAT_MS = 15_000;
const INPUT_MS = 1_000;
const INPUTS = ["pointerdown", "pointermove", "wheel", "keydown", "scroll", "selectionchange", "touchstart", "touchmove"];

const inWords = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
};

class ReviewClock extends HTMLElement {
  connectedCallback() {
    this.seq = Number(this.dataset.seq);
    this.capMs = Number(this.dataset.capSeconds) * 1000;
    this.active = Number(this.dataset.activeSeconds);
    this.lastInput = performance.now(); // opening the page is an act
    this.lastTick = performance.now();
    this.leaseEnds = performance.now() + Number(this.dataset.expiresInSeconds) * 1000;
    this.over = false;
    this.life = new AbortController();
    const { signal } = this.life;
    for (const name of INPUTS) document.addEventListener(name, () => this.#noteInput(), { passive: true, capture: true, signal });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#beacon() : this.#beat()), { signal });
    window.addEventListener("pagehide", () => { if (!document.hidden) this.#beacon(); }, { signal });
    window.addEventListener("pageshow", (event) => { if (event.persisted) this.#beat(); }, { signal });
    for (const name of ["focus", "blur"]) window.addEventListener(name, () => { if (!document.hidden) this.#beat(); }, { signal });
    this.beatTimer = setInterval(() => this.#beat(), BEAT_MS);
    this.tickTimer = setInterval(() => this.#tick(), 1000);
    this.#beat();
  }

  disconnectedCallback() {
    clearInterval(this.beatTimer);
    clearInterval(this.tickTimer);
    this.life.abort();
    this.over = true;
  }

  /** How long ago the last input was. */
  get inputAgeMs() {
    return performance.now() - this.lastInput;
  }

  #noteInput() {
    const now = performance.now();
    if (now - this.lastInput >= INPUT_MS) this.lastInput = now;
  }

  #state() {
    if (document.hidden) return "hidden";
    if (this.inputAgeMs > this.capMs) return "idle";
    return document.hasFocus() ? "active" : "blurred";
  }

  #body() {
    const now = performance.now();
    // timeOrigin makes the count go on over a reload; within a page no change of the wall clock touches it.
    return JSON.stringify({
      seq: this.seq++,
      client_mono_ms: Math.round(performance.timeOrigin + now),
      state: this.#state(),
      last_input_age_ms: Math.round(this.inputAgeMs),
    });
  }

  #beacon() {
    if (this.over) return;
    navigator.sendBeacon(this.dataset.beatsUrl, new Blob([this.#body()], { type: "application/json" }));
  }

  async #beat() {
    if (this.over) return;
    try {
      const answer = await fetch(this.dataset.beatsUrl, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: this.#body(), redirect: "error",
      });
      if (answer.ok) this.#take(await answer.json(), answer.headers.get("Date"));
      else if ([403, 404, 409, 410].includes(answer.status)) this.#end();
      else this.#warn(answer.status === 401 ? "signed out: sign in again in another tab" : "the server did not answer; trying again");
    } catch {
      this.#warn("no connection; trying again");
    }
  }

  #take(counted, date) {
    this.active = Number(counted.active_seconds);
    // Both times are the server's, so a wrong clock in this computer does not matter.
    const left = Date.parse(counted.expires_at) - (date ? Date.parse(date) : Date.now());
    if (Number.isFinite(left)) this.leaseEnds = performance.now() + left;
    this.#warn("");
    this.#show();
  }

  #tick() {
    const now = performance.now();
    if (!this.over && this.#state() !== "hidden" && now - this.lastInput <= this.capMs) this.active += (now - this.lastTick) / 1000;
    this.lastTick = now;
    this.#show();
  }

  #show() {
    const left = (this.leaseEnds - performance.now()) / 1000;
    this.querySelector("[data-active]").textContent = inWords(this.active);
    const lease = this.querySelector("[data-lease]");
    lease.textContent = inWords(left);
    lease.classList.toggle("urgent", left < 120);
  }

  #end() {
    this.over = true;
    this.#warn("the item is no longer yours");
    this.dispatchEvent(new CustomEvent("lease-lost", { bubbles: true }));
  }

  #warn(text) {
    const place = this.querySelector("[data-clock-warning]");
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle("urgent", text !== "");
  }
}

customElements.define("review-clock", ReviewClock);
