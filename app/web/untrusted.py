"""Show text that a model or a client wrote: as text only, with everything in it that could deceive made visible.

Promise: no character of the text becomes markup, its direction cannot leave its box, and every suspicious character
(see app/web/suspicious.py) stands there as a labelled chip inside `[data-suspicious]`, never as itself alone.
Text is never shortened: a long one scrolls. Linear in the length of the text.
Called by templates, which get these functions through `add_to`.
"""

from jinja2 import Environment
from markupsafe import Markup, escape

from app.web.suspicious import Finding, findings, marks

LONG_TEXT = 2_000
LONG_LINES = 24


def untrusted(text: str, label: str = "Text") -> Markup:
    """The text in a block of its own; a long one becomes a region that scrolls, named `label` for a screen reader."""
    if len(text) <= LONG_TEXT and text.count("\n") <= LONG_LINES:
        return Markup('<div class="untrusted" data-untrusted dir="auto">{}</div>').format(marked(text))
    name = f"{label}, {len(text):,} characters"
    return Markup(
        '<div class="untrusted long" data-untrusted dir="auto" role="region" tabindex="0" aria-label="{}">{}</div>'
    ).format(name, marked(text))


def untrusted_inline(text: str) -> Markup:
    """The text within a line of the page, isolated from the direction of what stands around it."""
    return Markup('<bdi class="untrusted-inline" data-untrusted dir="auto">{}</bdi>').format(marked(text))


def suspicious_count(text: str) -> int:
    """How many characters of the text are suspicious; a whole look-alike word counts each of its letters."""
    return sum(mark.count for mark in marks(text))


def suspicious_findings(text: str) -> tuple[Finding, ...]:
    """Which characters are suspicious and how often, for a note beside a field that can hold no chips."""
    return findings(text)


def add_to(environment: Environment) -> None:
    """Make these functions known to every template, as filters and as globals."""
    for function in (untrusted, untrusted_inline, suspicious_count, suspicious_findings):
        environment.filters[function.__name__] = function
        environment.globals[function.__name__] = function


def parts(text: str) -> list[dict[str, str | None]]:
    """The text in parts, in order: {text, title}, title None for what is harmless, else what the chip explains."""
    found: list[dict[str, str | None]] = []
    at = 0
    for mark in marks(text):
        found += [{"text": text[at : mark.start], "title": None}, {"text": mark.label, "title": mark.title}]
        at = mark.end
    return [part for part in [*found, {"text": text[at:], "title": None}] if part["text"]]


def marked(text: str) -> Markup:
    """The text alone, escaped, with a chip for every suspicious place; the caller isolates its direction."""
    chip = Markup('<span class="chip" data-suspicious title="{}">{}</span>')
    shown = [escape(p["text"]) if p["title"] is None else chip.format(p["title"], p["text"]) for p in parts(text)]
    return Markup("").join(shown)
