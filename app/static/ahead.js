/* Has the next item kept ready while this one is judged, so that it need not be looked for afterwards. It costs nothing
   until it is shown. Asks only while somebody works here: a colleague shall not wait for what is kept for nobody. */

const FIRST_MS = 1_000;
const AGAIN_MS = 20_000;

/** Ask at a URL now and then until the signal says that the item is no longer open. */
export function keepAhead(url, signal) {
  const ask = async () => {
    // The clock notes inputs already.
    if (document.hidden || document.querySelector("review-clock").inputAgeMs > AGAIN_MS) return true;
    try {
      const answer = await fetch(url, { method: "POST", redirect: "error", signal });
      // Where nothing is kept, to ask again would only be a burden.
      return answer.ok && (await answer.json()).ready;
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
