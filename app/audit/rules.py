"""Who acts, as the trail writes it down."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """Whoever makes a change: a person at the desk, a key, the command line, or the service itself.

    `kind` is person, key, command or system; `id` is the person's or the key's, None for the other two.
    """

    kind: str
    id: UUID | None = None


SYSTEM: Final = Actor("system")
COMMAND: Final = Actor("command")
