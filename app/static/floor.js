// Draws the floor anew every ten seconds. A form that somebody has begun to fill stays as it is, with its focus and its
// choice; only what stands around it changes. Without this script the page is right when it is reloaded.

const board = document.querySelector("table.floor");
const EVERY_MS = 10_000;
const TRIES_MS = 60_000;

function isBusy(row) {
  const form = row.querySelector("form");
  if (!form) return false;
  return form.contains(document.activeElement) || [...form.elements].some((one) => "value" in one && one.matches("select") && one.value !== "");
}

// The page itself is the source, read as a document: nothing in it runs, and no text becomes markup here.
function readPage() {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", board.dataset.url);
    request.responseType = "document";
    request.timeout = EVERY_MS;
    request.onload = () => (request.status === 200 && request.response?.querySelector("table.floor") ? resolve(request.response) : reject(new Error("no floor")));
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}

function replaceLive(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next && !part.contains(document.activeElement)) part.replaceChildren(...[...next.childNodes].map((node) => document.adoptNode(node)));
  }
}

function replaceCells(row, next) {
  for (const cell of row.querySelectorAll("[data-cell]")) {
    const other = next.querySelector(`[data-cell="${cell.dataset.cell}"]`);
    if (other) cell.replaceWith(document.adoptNode(other));
  }
}

function mergeGroup(group, next) {
  const busy = [...group.querySelectorAll("tr[data-row]")].filter(isBusy);
  if (busy.length === 0 && group.contains(document.activeElement)) return;
  if (busy.length === 0) {
    group.replaceWith(document.adoptNode(next));
    return;
  }
  // Rows keep their order and number while one of them is being filled; what is gone is struck through.
  for (const row of group.querySelectorAll("tr[data-row]")) {
    const other = next.querySelector(`tr[data-row="${row.dataset.row}"]`);
    row.classList.toggle("gone", !other);
    if (other) replaceCells(row, keepSpan(other, row));
  }
}

function keepSpan(other, row) {
  const who = other.querySelector('[data-cell="who"]');
  const own = row.querySelector('[data-cell="who"]');
  if (who && own) who.rowSpan = own.rowSpan;
  return other;
}

function merge(fresh) {
  replaceLive(fresh);
  const there = new Map([...board.tBodies].map((group) => [group.dataset.group, group]));
  for (const next of [...fresh.querySelector("table.floor").tBodies]) {
    const group = there.get(next.dataset.group);
    if (group) mergeGroup(group, next);
    else board.append(document.adoptNode(next));
    there.delete(next.dataset.group);
  }
  for (const group of there.values()) if (![...group.rows].some(isBusy)) group.remove();
}

let wait = EVERY_MS;
async function refresh() {
  if (!document.hidden) {
    try {
      merge(await readPage());
      wait = EVERY_MS;
    } catch {
      wait = Math.min(wait * 2, TRIES_MS);
    }
  }
  setTimeout(refresh, wait);
}

if (board) {
  document.querySelector("[data-refresh]").hidden = false;
  setTimeout(refresh, wait);
}
