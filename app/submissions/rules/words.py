"""The words by which a submission is found: of its title, instructions, context, output and the args of its actions.

Words are compared without regard to case, accents or form (NFKC). Where a script writes no spaces (Chinese, Japanese)
each character is a word, and a row of them is a phrase. Pure. Called by the service that makes entries and by queries.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from app.submissions.rules.received import Received
from app.submissions.rules.sensitive import hide

#: Of one submission; what comes behind is not found. PostgreSQL keeps places up to 16,383.
MOST_WORDS: Final = 16_000
#: Of one question.
MOST_ASKED: Final = 20
LONGEST_WORD: Final = 60
_UNSPACED: Final = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])\w)+")


def split(text: str) -> list[str]:
    """Return the words of a text as they are compared."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    # Composed again, or a Hangul syllable would be three letters in one place and one in another.
    return [word[:LONGEST_WORD] for word in _WORD.findall(unicodedata.normalize("NFC", bare))]


def words_of(received: Received) -> list[str]:
    """Return the words of a submission in order, at most MOST_WORDS; of what is called sensitive there are none."""
    said = hide(received)
    texts = (
        *(said.title, said.instructions),
        *([block.get("title"), block.get("value")] for block in said.context),
        said.output,
        *([action.name, action.args] for action in said.actions),
    )
    words: list[str] = []
    for text in _texts(list(texts)):
        words += split(text)
        if len(words) >= MOST_WORDS:
            return words[:MOST_WORDS]
    return words


def read_question(text: str) -> list[list[str]]:
    """Return the phrases that all have to be there: what stands in quotation marks, and each word outside of them.

    A word that splits into several (an e-mail address, a row of Chinese characters) is a phrase. At most MOST_ASKED
    words are asked for.
    """
    phrases, left = [], MOST_ASKED
    for quoted, single in re.findall(r'"([^"]*)"?|([^\s"]+)', text):
        words = split(quoted or single)[:left]
        left -= len(words)
        if words:
            phrases.append(words)
    return phrases


def _texts(value: Any) -> Iterator[str]:
    """Yield every text and number in a value, in order; JSON is at most as deep as the door lets in."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
