/* Shows how a long text was changed, word by word, each time the server has kept the draft. The server finds the
   pieces and marks what is suspicious in them; here they only become elements, as text. Listens to "draft-saved". */

const BY_HOW = { added: "ins", removed: "del", same: "span", gap: "span" };

function part({ text, title }) {
  if (title === null) return document.createTextNode(text);
  const chip = document.createElement("span");
  chip.className = "chip";
  chip.dataset.suspicious = "";
  chip.title = title;
  chip.textContent = text;
  return chip;
}

function piece({ how, parts }) {
  const element = document.createElement(BY_HOW[how]);
  if (how === "gap") element.className = "gap";
  element.append(...parts.map(part));
  return element;
}

document.addEventListener("draft-saved", ({ detail }) => {
  for (const box of document.querySelectorAll("[data-changes-of]")) {
    const pieces = detail.changes[box.dataset.changesOf] ?? [];
    box.hidden = pieces.length === 0;
    box.querySelector("[data-pieces]").replaceChildren(...pieces.map(piece));
  }
});
