"""Values that are not for every eye: hidden in what a page shows until somebody asks. Called by pages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from app.kernel.pointers import ABSENT, parse_pointer, put, resolve
from app.submissions.rules.received import Received

HIDDEN: Final = "••••••"


def hide(received: Received) -> Received:
    """Return a submission with its sensitive values hidden, in its output and in the args of each action."""
    return replace(
        received,
        output=_hidden(received.output, received.sensitive),
        actions=tuple(replace(a, args=_hidden(a.args, received.sensitive)) for a in received.actions),
    )


def _hidden(value: Any, pointers: Sequence[str]) -> Any:
    for pointer in pointers:
        steps = parse_pointer(pointer)
        if not steps:
            return HIDDEN
        if resolve(value, steps) is not ABSENT:
            value = put(value, steps, HIDDEN)
    return value
