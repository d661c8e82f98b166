/* Has the next item kept ready while this one is judged, so that it need not be looked for afterwards. It costs nothing
   until it is shown. Asks only while somebody works here: a colleague shall not wait for what is kept for nobody. */

const FIRST_MS = 1_000;
const AGAIN_MS = 20_000;
const INPUTS = ["keydown", "pointermove", "wheel", "touchmove"];

/** Ask at a URL now and then until the signal says that the item is no longer open. */
export function keepAhead(url, signal) {
  let lastInput = performance.now();
  for (const name of INPUTS) {
    document.addEventListener(name, () => { lastInput = performance.now(); }, { passive: true, capture: true, signal });
  }
  const ask = async () => {
    if (document.hidden || performance.now() - lastInput > AGAIN_MS) return true;
    try {
      const answer = await fetch(url, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: "{}", redirect: "error", signal,
      });
      // Where nothing is free there is nothing to keep, and to ask again would only be a burden.
      return answer.ok && (await answer.json()).reservation !== null;
    } catch {
      return true;
    }
  };
  const later = (ms) => {
    const timer = setTimeout(async () => { if (await ask() && !signal.aborted) later(AGAIN_MS); }, ms);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  };
  later(FIRST_MS);
}
