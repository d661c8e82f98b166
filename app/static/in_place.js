/* Posts the desk's form and shows the answer in the place of the page, so that nothing is loaded or started anew between
   two items. Without it the same form posts itself and the browser goes on as ever. Used by desk.js. */

const PATIENCE_MS = 30_000;
// Answers that are a page of the desk; whatever else comes leaves the form where it is.
const PAGES = [200, 409, 410, 422];

/** Nothing was taken, or nobody knows; the message says what a reviewer can do. */
export class NotTaken extends Error {}

function request(form, submitter, progress) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", submitter?.getAttribute("formaction") ?? form.getAttribute("action"));
    // The one way to read a page that makes nothing in it run.
    asked.responseType = "document";
    asked.timeout = PATIENCE_MS;
    asked.upload.onprogress = (event) => { if (event.lengthComputable) progress(event.loaded / event.total); };
    asked.onload = () => resolve({ status: asked.status, page: asked.response, url: asked.responseURL });
    asked.onerror = () => reject(new NotTaken(navigator.onLine
      ? "The server cannot be reached. Your text is kept; press again in a moment. It counts once."
      : "You are offline. Your text is kept; press again when you are back. It counts once."));
    asked.ontimeout = () => reject(new NotTaken("The server has not answered for 30 s. Your text is kept; press again. It counts once."));
    asked.send(new URLSearchParams(new FormData(form, submitter)));
  });
}

/** Post the form; resolve to {page, url}, a page of the desk and where it stands; url is null where only a post leads. */
export async function post(form, submitter, progress) {
  const sentTo = new URL(submitter?.getAttribute("formaction") ?? form.getAttribute("action"), document.baseURI).href;
  const { status, page, url } = await request(form, submitter, progress);
  if (!page?.getElementById("main") || !PAGES.includes(status)) {
    const said = page?.querySelector("main h1")?.textContent.trim();
    throw new NotTaken(`The server did not take it${said ? ` (${said})` : ""}. Your text is kept; press again in a moment.`);
  }
  return { page, url: url === sentTo ? null : url };
}

/** Whether a page was made by another release, whose scripts and styles are not those that run here. */
export function fromAnotherRelease(page) {
  const scripts = (root) => [...root.querySelectorAll("head script[src]")].map((one) => one.getAttribute("src")).join();
  return page.getElementById("decide") !== null && scripts(page) !== scripts(document);
}

function counterpart(button, main) {
  return [...main.querySelectorAll("#decide button")].find((one) => one.name === button.name && one.value === button.value);
}

/** Put a page's content in the place of ours. Of the same item the regions stay scrolled, and the focus stays on a button
    that only shows it another way; else it goes where the page wants it, or to the content. */
export function show(page, submitter) {
  const main = document.getElementById("main");
  const fresh = document.adoptNode(page.getElementById("main"));
  const claimOf = (root) => root.querySelector("#decide")?.dataset.claim;
  const same = claimOf(main) !== undefined && claimOf(main) === claimOf(fresh);
  const regions = (root) => [...root.querySelectorAll(".desk-regions > *")];
  const scrolled = same ? regions(main).map((region) => region.scrollTop) : [];
  document.title = page.title;
  document.body.className = page.body.className;
  main.replaceWith(fresh);
  regions(fresh).forEach((region, n) => { region.scrollTop = scrolled[n] ?? 0; });
  if (!same) window.scrollTo(0, 0);
  const wanted = [...fresh.querySelectorAll("[autofocus]")].find((one) => !one.closest("dialog"));
  const pressed = same && submitter?.name === "view" ? counterpart(submitter, fresh) : undefined;
  const focus = pressed ?? wanted ?? fresh;
  focus.focus({ preventScroll: focus !== wanted });
}
