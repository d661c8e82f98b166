"""Find letters that imitate letters of another script, such as a Cyrillic "a" in a Latin name.

Promise: a word that mixes scripts which resemble each other is found, and so is a word made wholly of look-alikes
within a text of another script. Scripts that are written together (Japanese, Korean or Arabic with Latin names)
are not. One pass over the words. A letter's script is the first word of its Unicode name.
Called by app/web/suspicious.py.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

_LATIN = "LATIN"
# Symbols of mathematics that spell words only when somebody wants to get past a filter.
_STYLED = frozenset({"MATHEMATICAL", "DOUBLE-STRUCK", "BLACK-LETTER", "SCRIPT"})
_RESEMBLING = _STYLED | {_LATIN, "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "FULLWIDTH", "KELVIN"}
# Letters that are drawn like a Latin letter in most fonts.
_LATIN_TWINS = frozenset(
    "асеорхуіјѕһԁԛԝӏАВЕКМНОРСТХУІЈЅԌԚԜҺӀ"  # Cyrillic
    "ονραυΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳ"  # Greek
    "օոսցհզՕՍ"  # Armenian
)
# Invisible characters and accents do not end a word: hiding one inside must not hide the mixture.
_WORD = re.compile("(?:[^\\W\\d_]|[\u0300-\u036f\u00ad\u200b-\u200f\u2060-\u2064\ufeff])+")
_ASCII = re.compile(r"[\x00-\x7f]*")


def imposters(text: str) -> Iterator[int]:
    """Indexes of the letters that do not belong, in order: the fewer of a mixed word, all of a look-alike word."""
    words = [found for found in _WORD.finditer(text) if not _ASCII.fullmatch(found[0])]
    if not words:
        return
    letters = Counter(_script(character) for character in text if character.isalpha())
    is_latin_text = letters[_LATIN] > sum(letters.values()) / 2
    for word in words:
        scripts = {one for one in map(_script, word[0]) if one in _RESEMBLING}
        if len(scripts) > 1:
            yield from _fewer(word.start(), word[0])
        elif _is_styled(scripts, word[0]) or (is_latin_text and _is_twin(word[0])):
            yield from range(word.start(), word.end())


def _fewer(start: int, word: str) -> Iterator[int]:
    counts = Counter(one for one in map(_script, word) if one in _RESEMBLING)
    most = max(counts, key=lambda script: (counts[script], script == _LATIN))
    for offset, character in enumerate(word):
        script = _script(character)
        if script in _RESEMBLING and script != most:
            yield start + offset


def _is_styled(scripts: set[str], word: str) -> bool:
    return bool(scripts) and scripts <= _STYLED and len(word) > 1


def _is_twin(word: str) -> bool:
    """A single Greek or Armenian letter is a symbol, but a single Cyrillic one imitates a word such as "I"."""
    letters = [character for character in word if character.isalpha()]
    if not letters or not all(character in _LATIN_TWINS for character in letters):
        return False
    return len(letters) > 1 or _script(letters[0]) == "CYRILLIC"


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    return unicodedata.name(character, "").split(" ", 1)[0] if character.isalpha() else ""
