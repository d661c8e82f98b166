"""How a text was changed, word by word.

Promise: what is shown as removed and added is exactly what differs; of what stayed only the neighbourhood is shown.
Bounded in time: a text changed beyond recognition is shown as removed and added in whole. E. W. Myers, "An O(ND)
Difference Algorithm and Its Variations", Algorithmica 1, 1986, as diff-match-patch has it, over words.
Pure. Called by the changes of a form and of a decision.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from diff_match_patch import diff_match_patch

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
    words = _WORDS.findall(text)
    for word in words:
        if word not in codes:
            place = len(codes) + 1
            codes[word] = chr(place if place < _SURROGATES.start else place + len(_SURROGATES))
    return "".join(codes[word] for word in words)


def _shorten(piece: Piece, first: bool, last: bool) -> Iterable[Piece]:
    left, right = 0 if first else NEIGHBOURHOOD, 0 if last else NEIGHBOURHOOD
    cut = len(piece.text) - left - right
    if piece.how != "same" or cut <= NEIGHBOURHOOD:
        return [piece]
    start, end = piece.text[:left], piece.text[len(piece.text) - right :]
    shown = [Piece("same", start), Piece("gap", f"{cut:,} characters as they were"), Piece("same", end)]
    return [one for one in shown if one.text]
