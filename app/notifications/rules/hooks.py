"""Which chat hooks can be registered, and how one is shown: its URL is a password, so lists show its ends alone.

The URL itself obeys the rules of endpoints. Called by the service that registers hooks.
"""

from collections.abc import Sequence
from typing import Final

from app.delivery.rules.urls import check_url
from app.kernel.errors import Conflict, Fault, Invalid
from app.notifications.rules.kinds import KINDS

MAX_HOOKS: Final = 50
_SHOWN: Final = 4


class HookRefused(Invalid):
    """A chat hook names kinds and queues that exist."""


class TooManyHooks(Conflict):
    """This workspace has as many chat hooks as one may have; delete one first."""


def check_kinds(kinds: Sequence[str]) -> list[str]:
    """Return the kinds once each, in their own order.

    Raises:
        HookRefused: there is none, or one is unknown.
    """
    faults = [Fault(f"/kinds/{n}", f"is none of {', '.join(KINDS)}") for n, k in enumerate(kinds) if k not in KINDS]
    if not kinds:
        faults = [Fault("/kinds", "is empty")]
    if faults:
        raise HookRefused(faults=faults)
    return [kind for kind in KINDS if kind in kinds]


def mask(url: str, *, allow_private: bool) -> str:
    """Return what may be shown of a hook's URL: where it leads, and its last four characters.

    Raises:
        EndpointRefused: the URL breaks a rule.
    """
    target = check_url(url, allow_private=allow_private)
    end = target.path[-_SHOWN:] if len(target.path) > 4 * _SHOWN else ""
    return f"{target.scheme}://{target.authority}/…{end}"
