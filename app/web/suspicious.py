"""Find the characters of a text that could make a reader see something else than a program will read.

Promise: what is invisible, changes direction, overwrites, stacks up, pushes text out of sight or imitates a letter
of another script is found, also in runs of thousands; joiners within emoji and within scripts that need them are
not. One pass over the text, names from `unicodedata` alone. Knows nothing of HTML.
Called when untrusted text is shown.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from app.web.scripts import imposters

MAX_MARKS_ON_A_LETTER = 4
LONG_PADDING = 60
MANY_BREAKS = 8
_NAMES_SHOWN = 6
_ZWNJ, _ZWJ, _KEYCAP = "\u200c", "\u200d", "\u20e3"
_TEXT_OR_EMOJI = "\ufe0e\ufe0f"
# Letters, marks and symbols that draw nothing, although their category says they are ordinary.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00016fe4\U0001d159" + "\u180b\u180c\u180d\u180f")
_PADDING = re.compile(r"[ \t\n]{9,}")
_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
_ORDINARY, _HIDDEN, _COMBINING, _SELECTOR = "ordinary", "hidden", "combining", "selector"


@dataclass(frozen=True)
class Mark:
    """The slice [start, end) of the text, to be replaced by a chip reading `label`, explained by `title`."""

    start: int
    end: int
    label: str
    title: str
    count: int


@dataclass(frozen=True)
class Finding:
    """One suspicious character: its code point as "U+202E", its name, and how often it stands in the text."""

    code: str
    name: str
    count: int


def marks(text: str) -> tuple[Mark, ...]:
    """Every suspicious place in order, without overlap; neighbours of one sort are one mark."""
    padding = _padding(text)
    if _PLAIN.fullmatch(text):
        return padding
    hidden = set(_hidden(text))
    looks = {at for at in imposters(text) if at not in hidden}
    found = [*_runs(text, sorted(hidden), visible=False), *_runs(text, sorted(looks), visible=True), *padding]
    return tuple(sorted(found, key=lambda mark: mark.start))


def findings(text: str) -> tuple[Finding, ...]:
    """The same places summed up per character, in the order in which they first appear."""
    counts: dict[tuple[str, str], int] = {}
    for mark in marks(text):
        part = text[mark.start : mark.end]
        if _PADDING.fullmatch(part):
            counts["padding", mark.title] = counts.get(("padding", mark.title), 0) + 1
            continue
        for character in part:
            key = (_code(character), _name(character))
            counts[key] = counts.get(key, 0) + 1
    return tuple(Finding(code, name, count) for (code, name), count in counts.items())


def _padding(text: str) -> tuple[Mark, ...]:
    found = []
    for run in _PADDING.finditer(text):
        breaks, length = run[0].count("\n"), len(run[0])
        if breaks >= MANY_BREAKS or length - breaks >= LONG_PADDING:
            label = f"{breaks} line breaks" if breaks >= MANY_BREAKS else f"{length} spaces"
            title = f"Padding that pushes text out of sight: {breaks} line breaks, {length - breaks} spaces or tabs"
            found.append(Mark(run.start(), run.end(), label, title, 1))
    return tuple(found)


def _hidden(text: str) -> Iterator[int]:
    """Indexes of characters that are not to be shown as themselves."""
    stacked = 0
    for at, character in enumerate(text):
        sort = _sort(character)
        if sort == _COMBINING:
            stacked += 1
            if stacked == 1 and not _carries_marks(text, at):
                stacked = MAX_MARKS_ON_A_LETTER + 1
            if stacked > MAX_MARKS_ON_A_LETTER:
                yield at
            continue
        stacked = 0
        allowed = _selects_presentation if sort == _SELECTOR else _belongs
        if sort != _ORDINARY and not allowed(text, at):
            yield at


@lru_cache(maxsize=4096)
def _sort(character: str) -> str:
    category, point = unicodedata.category(character), ord(character)
    if character in "\t\n ":
        return _ORDINARY
    if 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
        return _SELECTOR
    if character in _BLANK or category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"):
        return _HIDDEN
    if category == "Cn":
        # Newer Unicode versions than this Python's assign emoji and ideographs here; all else is nothing at all.
        newer = 0x1F000 <= point <= 0x1FAFF or 0x20000 <= point <= 0x3FFFD
        return _ORDINARY if newer and point & 0xFFFE != 0xFFFE else _HIDDEN
    return _COMBINING if category in ("Mn", "Me") else _ORDINARY


def _carries_marks(text: str, at: int) -> bool:
    """Whether the character before a combining mark can carry it."""
    if at == 0:
        return False
    before = text[at - 1]
    if before in _TEXT_OR_EMOJI:
        return text[at] == _KEYCAP and at > 1
    if before in (_ZWJ, _ZWNJ):
        return _belongs(text, at - 1)
    return _sort(before) == _ORDINARY and not before.isspace()


def _belongs(text: str, at: int) -> bool:
    """Joiners that their script or an emoji needs (after RFC 5892, A.1 and A.2), and the CR of a CRLF."""
    character, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if character == "\r":
        return after == "\n"
    if character not in (_ZWJ, _ZWNJ) or not before or not after:
        return False
    if unicodedata.combining(before) == 9 and unicodedata.category(after)[0] in "LM":
        return True
    if character == _ZWNJ:
        return _is_joined_script(before) and _is_joined_script(after)
    if before in _TEXT_OR_EMOJI:
        before = text[at - 2 : at - 1]
    return bool(before) and _is_pictograph(before) and _is_pictograph(after)


def _selects_presentation(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    if text[at] not in _TEXT_OR_EMOJI or not before:
        return False
    return _is_pictograph(before) or (before in "0123456789#*" and text[at + 1 : at + 2] == _KEYCAP)


def _is_pictograph(character: str) -> bool:
    point = ord(character)
    return (
        0x1F000 <= point <= 0x1FAFF
        or 0x2190 <= point <= 0x21FF
        or 0x2300 <= point <= 0x24FF
        or 0x25A0 <= point <= 0x27BF
        or 0x2B00 <= point <= 0x2BFF
        or point in (0xA9, 0xAE, 0x203C, 0x2049, 0x2122, 0x2139, 0x2934, 0x2935, 0x3030, 0x303D, 0x3297, 0x3299)
    )


def _is_joined_script(character: str) -> bool:
    return unicodedata.name(character, "").startswith(("ARABIC LETTER", "SYRIAC LETTER", "MONGOLIAN LETTER"))


def _runs(text: str, indexes: list[int], *, visible: bool) -> Iterator[Mark]:
    start = 0
    for place, at in enumerate(indexes):
        if place + 1 == len(indexes) or indexes[place + 1] != at + 1:
            first = indexes[start]
            yield _mark(text, first, at + 1, visible=visible)
            start = place + 1


def _mark(text: str, start: int, end: int, *, visible: bool) -> Mark:
    run = text[start:end]
    distinct = list(dict.fromkeys(run))
    codes = " ".join(_code(character) for character in distinct[:_NAMES_SHOWN])
    more = " …" if len(distinct) > _NAMES_SHOWN else ""
    times = f" ×{len(run)}" if len(run) > len(distinct) or more else ""
    title = "; ".join(f"{_code(character)} {_name(character)}" for character in distinct[:_NAMES_SHOWN]) + more
    if visible:
        return Mark(start, end, f"{run} {codes}{more}", f"{title} (looks like another letter)", len(run))
    said = "".join(chr(ord(one) - 0xE0000) for one in run if 0xE0020 <= ord(one) <= 0xE007E)
    if said:
        return Mark(start, end, f"hidden text “{said}” {codes}{more}{times}", title, len(run))
    return Mark(start, end, codes + more + times, title, len(run))


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


@lru_cache(maxsize=4096)
def _name(character: str) -> str:
    """The character's Unicode name; control characters have none and get their common one."""
    point = ord(character)
    if point < 0x20 or point == 0x7F:
        return "DELETE" if point == 0x7F else _CONTROLS[point]
    named = {"Co": "PRIVATE USE CHARACTER", "Cc": "CONTROL CHARACTER", "Cs": "LONE SURROGATE"}
    return unicodedata.name(character, named.get(unicodedata.category(character), "UNASSIGNED CHARACTER"))


_CONTROLS = (
    *("NULL", "START OF HEADING", "START OF TEXT", "END OF TEXT", "END OF TRANSMISSION", "ENQUIRY", "ACKNOWLEDGE"),
    *("BELL", "BACKSPACE", "TAB", "LINE FEED", "LINE TABULATION", "FORM FEED", "CARRIAGE RETURN", "SHIFT OUT"),
    *("SHIFT IN", "DATA LINK ESCAPE", "DEVICE CONTROL 1", "DEVICE CONTROL 2", "DEVICE CONTROL 3"),
    *("DEVICE CONTROL 4", "NEGATIVE ACKNOWLEDGE", "SYNCHRONOUS IDLE", "END OF BLOCK", "CANCEL", "END OF MEDIUM"),
    *("SUBSTITUTE", "ESCAPE", "FILE SEPARATOR", "GROUP SEPARATOR", "RECORD SEPARATOR", "UNIT SEPARATOR"),
)
