"""Addresses that a program sent: which may be opened from a page, and where they lead.

Promise: whoever follows one has read the very host that the browser will go to. Only what every parser of addresses
reads alike may be opened: http or https, an ASCII host, no user name, no backslash, nothing invisible.
Called by templates, which get `leads_to` through `add_to`.
"""

import re
from typing import Any, Final

from jinja2 import Environment

MAX_LENGTH: Final = 2_000
_PLAIN: Final = re.compile(
    r"https?://([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?)(?:[/?#][!-\[\]-~]*)?", re.IGNORECASE
)


def leads_to(address: Any) -> str | None:
    """Return the host, with its port, that an address leads to, or None when it may not be opened from a page."""
    if not isinstance(address, str) or len(address) > MAX_LENGTH:
        return None
    found = _PLAIN.fullmatch(address)
    return found[1].lower() if found else None


def add_to(environment: Environment) -> None:
    """Make it known to every template."""
    environment.globals["leads_to"] = leads_to
