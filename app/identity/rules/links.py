"""Where a one-time sign-in link leads.

The same path is made here and served by the sign-in page, so that the two cannot part.
Called by the command line and the sign-in page.
"""

from typing import Final

LINK_PATH: Final = "/login/link/"


def sign_in_url(base_url: str, token: str) -> str:
    """Return the address that a person opens; opening it shows a button, and only the button uses the link up."""
    return f"{base_url.rstrip('/')}{LINK_PATH}{token}"
