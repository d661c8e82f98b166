"""How a text was changed, word by word, with every suspicious character in it marked as elsewhere.

Promise: what is shown as removed and added is exactly what differs; of what stayed only the neighbourhood is shown.
Bounded in time: a text changed beyond recognition is shown as removed and added in whole. E. W. Myers, "An O(ND)
Difference Algorithm and Its Variations", Algorithmica 1, 1986, as diff-match-patch has it, over words.
Pure. Called by the form macro and when a draft is kept.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from diff_match_patch import diff_match_patch
from jinja2 import Environment

from app.review.queries import OpenClaim
from app.web.schema_form import FormNode, Posted, build_form, normal_breaks
from app.web.untrusted import parts

SECONDS: Final = 0.15
NEIGHBOURHOOD: Final = 160
_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_HOW: Final[Mapping[int, Literal["removed", "same", "added"]]] = {-1: "removed", 0: "same", 1: "added"}
_SURROGATES: Final = range(0xD800, 0xE000)


@dataclass(frozen=True)
class Piece:
    """A stretch of text: removed, the same, added, or a gap, whose text says how much is left out."""

    how: Literal["removed", "same", "added", "gap"]
    text: str


def word_changes(before: str, after: str) -> list[Piece]:
    """Return the pieces from which both texts can be read, in order; what stayed the same is shortened."""
    codes: dict[str, str] = {}
    first, second = _encode(before, codes), _encode(after, codes)
    words = {code: word for word, code in codes.items()}
    differ = diff_match_patch()
    differ.Diff_Timeout = SECONDS
    found = differ.diff_main(first, second, checklines=False)
    differ.diff_cleanupSemantic(found)
    pieces = [Piece(_HOW[how], "".join(words[code] for code in text)) for how, text in found]
    return [short for n, piece in enumerate(pieces) for short in _shorten(piece, n == 0, n == len(pieces) - 1)]


def _encode(text: str, codes: dict[str, str]) -> str:
    """Return a text with one character for each of its words, known words by the same one."""
    for word in _WORDS.findall(text):
        if word not in codes:
            place = len(codes) + 1
            codes[word] = chr(place if place < _SURROGATES.start else place + len(_SURROGATES))
    return "".join(codes[word] for word in _WORDS.findall(text))


def _shorten(piece: Piece, first: bool, last: bool) -> Iterable[Piece]:
    left, right = 0 if first else NEIGHBOURHOOD, 0 if last else NEIGHBOURHOOD
    cut = len(piece.text) - left - right
    if piece.how != "same" or cut <= NEIGHBOURHOOD:
        return [piece]
    start, end = piece.text[:left], piece.text[len(piece.text) - right :]
    shown = [Piece("same", start), Piece("gap", f"{cut:,} characters as they were"), Piece("same", end)]
    return [one for one in shown if one.text]


def changes_of(opened: OpenClaim, fields: Posted) -> dict[str, list[dict[str, Any]]]:
    """Return how each long text that a draft holds was changed, by the name of its control."""
    return {
        leaf.name: [{"how": piece.how, "parts": parts(piece.text)} for piece in changes]
        for form in _forms(opened, fields)
        for leaf in form.leaves
        if leaf.name in fields and (changes := leaf_changes(leaf))
    }


def leaf_changes(leaf: FormNode) -> list[Piece]:
    """Return how a long text was changed; nothing for what is none, or is as it was."""
    if not leaf.multiline or leaf.kind != "string" or not leaf.changed:
        return []
    # A browser posts other line breaks than it was given.
    return word_changes(normal_breaks(leaf.original_text), normal_breaks(leaf.text))


def _forms(opened: OpenClaim, fields: Posted) -> Iterable[FormNode]:
    received = opened.received
    if received.has_output:
        schema = orjson.loads(opened.task_type.output_schema)
        yield build_form(schema, received.output, {}, {}, "output", posted=fields)
    for n, action in enumerate(received.actions):
        yield build_form(action.args_schema, action.args, {}, {}, f"args.{n}", posted=fields)


def add_to(environment: Environment) -> None:
    """Make it known to every template."""
    environment.globals["leaf_changes"] = leaf_changes
