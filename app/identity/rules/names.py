"""How e-mail addresses, names and network addresses are written down, so that one thing has one form.

An e-mail address is compared in its normal form everywhere, so nobody exists twice by a capital letter. No text that
is kept may hold control or invisible characters: names reach mails, logs and pages of other people.
Called by the services of identity and the doors.
"""

import ipaddress
import unicodedata
from collections.abc import Iterable
from typing import Final

from app.kernel.errors import Fault, Invalid

MAX_EMAIL_LENGTH: Final = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
MAX_LOCAL_LENGTH: Final = 64  # RFC 5321 section 4.5.3.1.1
MAX_NAME_LENGTH: Final = 200
MAX_NAMES: Final = 64
MAX_AGENT_LENGTH: Final = 300
# Legal only inside quotes, which no real mailbox needs; elsewhere they break a mail's headers.
_FORBIDDEN_IN_EMAIL: Final = frozenset('"(),:;<>[\\]')
_V6_PREFIX: Final = 64


class BadEmail(Invalid):
    """That is not an e-mail address that can be used here."""


class BadName(Invalid):
    """That name cannot be used."""


def _visible(text: str) -> bool:
    # C* are control, format, surrogate and unassigned characters; Zl and Zp break lines.
    return not any(unicodedata.category(c)[0] == "C" or unicodedata.category(c) in {"Zl", "Zp"} for c in text)


def normal_email(text: str) -> str:
    """Return the form in which an e-mail address is kept and compared: trimmed, composed, lower case."""
    composed = unicodedata.normalize("NFC", text.strip())
    return unicodedata.normalize("NFC", composed.lower())


def check_email(text: str) -> str:
    """Return the normal form of an e-mail address. Whether mail reaches it is not asked.

    Raises:
        BadEmail: it cannot be one.
    """
    # A cut before any other work: what is much too long is not worth normalising.
    email = normal_email(text) if len(text) <= 2 * MAX_EMAIL_LENGTH else ""
    local, at, domain = email.rpartition("@")
    fits = 1 <= len(local) <= MAX_LOCAL_LENGTH and len(email) <= MAX_EMAIL_LENGTH
    clean = _visible(email) and not any(c.isspace() or c in _FORBIDDEN_IN_EMAIL for c in email)
    labels = domain.split(".")
    if not (at and fits and clean and "@" not in local and all(labels)):
        raise BadEmail(faults=[Fault("/email", "is not an e-mail address")])
    return email


def check_name(text: str, *, pointer: str = "/name") -> str:
    """Return a name, trimmed.

    Raises:
        BadName: it is empty, longer than 200 characters, or holds control or invisible characters.
    """
    name = text.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise BadName(faults=[Fault(pointer, f"takes 1 to {MAX_NAME_LENGTH} characters")])
    if not _visible(name):
        raise BadName(faults=[Fault(pointer, "holds control or invisible characters")])
    return name


def check_names(texts: Iterable[str], *, pointer: str) -> list[str]:
    """Return names once each, in the order given.

    Raises:
        BadName: one of them cannot be used, or there are more than 64.
    """
    names = list(dict.fromkeys(check_name(text, pointer=f"{pointer}/{i}") for i, text in enumerate(texts)))
    if len(names) > MAX_NAMES:
        raise BadName(faults=[Fault(pointer, f"takes at most {MAX_NAMES} names")])
    return names


def plain_agent(text: str) -> str:
    """Return a browser's description of itself, cut and without characters that could disturb a page or a log."""
    return "".join(c if _visible(c) else " " for c in text[:MAX_AGENT_LENGTH])


def address_group(text: str) -> str:
    """Return the network address by which sign-in attempts are counted.

    An IPv6 host usually owns its whole /64 and could try from each of its addresses, so these count as one.
    """
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _V6_PREFIX), strict=False))
