"""Which passwords are refused: too short, too long, or among the first that a guesser would try.

Length is what counts (NIST SP 800-63B-4 section 3.1.1.2: 15 characters where the password stands alone); there are no
rules on kinds of characters and no expiry. A password is taken as the exact bytes that were typed: not trimmed,
not normalised, not cut. Called by the service that sets one.
"""

import re
import unicodedata
from typing import Final

from app.kernel.errors import Fault, Invalid

MIN_PASSWORD_LENGTH: Final = 15
MAX_PASSWORD_LENGTH: Final = 256
# What must be left after the words that a guesser tries first have been taken out.
_MIN_OWN_LENGTH: Final = 8
_MIN_DISTINCT: Final = 5
_MIN_WORD_LENGTH: Final = 3

# Words and runs of which the most common passwords are made.
_COMMON: Final = """
correcthorsebatterystaple qwertyuiopasdfghjkl thequickbrownfox letmeinplease iloveyouforever
passwordpassword administrator abcdefghijklmnopqrstuvwxyz 1qaz2wsx3edc4rfv 1q2w3e4r5t6y7u8i
qwertyuiop asdfghjkl zxcvbnm 1234567890 0987654321 123456789 987654321 passphrase
proofdesk reviewer password passwort motdepasse contrasena welcome sunshine princess football
baseball basketball superman batman trustno1 starwars whatever computer internet michael jennifer
iloveyou letmein monkey dragon shadow master secret changeme default qwertz qwerty azerty abc123
1q2w3e4r qazwsx 1qaz2wsx 654321 123456 123123 111111 000000 12345 54321 1234 4321 abcdef abcd
admin login guest hello review proof desk pass test
"""
# Long ones first, so that none hides a longer one.
_COMMON_WORDS: Final = sorted(_COMMON.split(), key=len, reverse=True)
# What people put between words; other signs count as their own.
_JOINTS: Final = re.compile(r"[\s._-]+")
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")


class WeakPassword(Invalid):
    """That password is too easy to guess."""


def check_password(password: str, *, email: str, name: str) -> None:
    """Refuse a password that is too short, too long or easy to guess.

    Args:
        email: The person's address; its parts are among the first guesses.
        name: The person's name, likewise.

    Raises:
        WeakPassword: saying which of the three.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        _refuse(f"takes at least {MIN_PASSWORD_LENGTH} characters; a few unrelated words are a good one")
    if len(password) > MAX_PASSWORD_LENGTH:
        _refuse(f"takes at most {MAX_PASSWORD_LENGTH} characters")
    own = _own_part(password, [*_words_of(email), *_words_of(name), *_COMMON_WORDS])
    if len(own) < _MIN_OWN_LENGTH or len(set(own)) < _MIN_DISTINCT:
        _refuse("is among the first that somebody would guess; leave out names, addresses, common words and runs")


def _refuse(detail: str) -> None:
    raise WeakPassword(faults=[Fault("/password", detail)])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _words_of(text: str) -> list[str]:
    whole = _BETWEEN_WORDS.sub("", _folded(text))
    parts = _BETWEEN_WORDS.split(_folded(text))
    return sorted((w for w in {whole, *parts} if len(w) >= _MIN_WORD_LENGTH), key=lambda w: (-len(w), w))


def _own_part(password: str, known: list[str]) -> str:
    """Return what is left of a password, without joints, once every known word has been taken out of it."""
    own = _JOINTS.sub("", _folded(password))
    for word in known:
        # A gap stays where a word was, so that its neighbours do not form a new one.
        own = own.replace(word, " ")
    return own.replace(" ", "")
