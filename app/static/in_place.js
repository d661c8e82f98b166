/* Posts the desk's form and shows the answer in the place of the page, so that nothing is loaded or started anew between
   two items. Without it the same form posts itself and the browser goes on as ever. Used by desk.js. */

const PATIENCE_MS = 30_000;
// Answers that are a page of the desk; whatever else comes leaves the form where it is.
const PAGES = [200, 409, 410, 422];

/** Nothing was taken, or nobody knows; the message says what a reviewer can do. */
export class NotTaken extends Error {}

function request(target, body, progress) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", target);
    // The one way to read a page that makes nothing in it run.
    asked.responseType = "document";
    asked.timeout = PATIENCE_MS;
    asked.upload.onprogress = (event) => { if (event.lengthComputable) progress(event.loaded / event.total); };
    asked.onload = () => resolve({ status: asked.status, page: asked.response, url: asked.responseURL });
    asked.onerror = () => reject(new NotTaken(navigator.onLine
      ? "Not handed in: the server cannot be reached. Press again in a moment; it counts once."
      : "Not handed in: you are offline. Press again when you are back; it counts once."));
    asked.ontimeout = () => reject(new NotTaken("The server has not answered for 30 s. Press again; it counts once."));
    asked.send(body);
  });
}

/** Post the form; resolve to {page, url}, a page of the desk and where it stands; url is null where only a post leads. */
export async function post(form, submitter, progress) {
  const target = new URL(submitter?.getAttribute("formaction") ?? form.getAttribute("action"), document.baseURI).href;
  const { status, page, url } = await request(target, new URLSearchParams(new FormData(form, submitter)), progress);
  if (!page?.getElementById("main") || !PAGES.includes(status)) {
    const said = page?.querySelector("main h1")?.textContent.trim();
    throw new NotTaken(`Not handed in: the server did not take it${said ? ` (${said})` : ""}. Press again in a moment; it counts once.`);
  }
  return { page, url: url === target ? null : url };
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
    that only shows it another way; else it goes where the page wants it, or to the content. Return whether it is the same. */
export function show(page, submitter) {
  const main = document.getElementById("main");
  const fresh = document.adoptNode(page.getElementById("main"));
  const claimOf = (root) => root.querySelector("#decide")?.dataset.claim;
  const same = claimOf(main) !== undefined && claimOf(main) === claimOf(fresh);
  const regions = (root) => [...root.querySelectorAll(".desk-regions > *")];
  const scrolled = same ? regions(main).map((region) => region.scrollTop) : [];
  document.title = page.title;
  document.body.className = page.body.className;
  const wanted = [...fresh.querySelectorAll("[autofocus]")].find((one) => !one.closest("dialog"));
  // A browser heeds it once in the life of a page, and complains of the next.
  wanted?.removeAttribute("autofocus");
  main.replaceWith(fresh);
  regions(fresh).forEach((region, n) => { region.scrollTop = scrolled[n] ?? 0; });
  if (!same) window.scrollTo(0, 0);
  const pressed = same && submitter?.name === "view" ? counterpart(submitter, fresh) : undefined;
  const focus = pressed ?? wanted ?? fresh;
  focus.focus({ preventScroll: focus !== wanted });
  return same;
}
