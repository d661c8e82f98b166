"""Who acts, as the trail writes it down, and how its events are chained so that no change goes unseen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from app.kernel.jcs import CanonicalizationError, canonical


@dataclass(frozen=True)
class Actor:
    """Whoever makes a change: a person at the desk, a key, the command line, or the service itself.

    `kind` is person, key, command or system; `id` is the person's or the key's, None for the other two.
    """

    kind: str
    id: UUID | None = None


SYSTEM: Final = Actor("system")
COMMAND: Final = Actor("command")


NO_HASH: Final = bytes(32)
#: The chain of events that belong to no workspace.
INSTALLATION: Final = UUID(int=0)


@dataclass(frozen=True)
class Sealable:
    """A committed event, as far as its seal binds it."""

    number: int
    workspace_id: UUID | None
    at: datetime
    type: str
    actor: Actor
    subject_kind: str
    subject_id: UUID
    from_state: str | None
    to_state: str | None
    details: Mapping[str, Any]

    @property
    def chain(self) -> UUID:
        """Return the chain that it belongs to."""
        return self.workspace_id or INSTALLATION


def sealed_document(event: Sealable, *, seq: int) -> dict[str, Any]:
    """Return what a seal binds, JSON-ready. The instant has microseconds, because that is what is stored."""
    return {
        "seq": seq,
        "number": event.number,
        "workspace": event.chain.hex,
        "at": event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "type": event.type,
        "actor": {"kind": event.actor.kind, "id": None if event.actor.id is None else event.actor.id.hex},
        "subject": {"kind": event.subject_kind, "id": event.subject_id.hex},
        "from": event.from_state,
        "to": event.to_state,
        "details": dict(event.details),
    }


def seal_hash(before: bytes, document: Mapping[str, Any]) -> bytes:
    """Return the hash of an event: SHA-256 (FIPS 180-4) of the hash before it and its canonical bytes (RFC 8785)."""
    return sha256(before + canonical(dict(document))).digest()


class BrokenChain(Exception):
    """A line of an exported chain does not follow from the one before it; the text says which and how."""


def check_lines(lines: Iterable[Mapping[str, Any]]) -> tuple[int, bytes]:
    """Check an exported chain from its first line on; return how many lines there are, and the last hash.

    Whoever keeps the last hash elsewhere sees by it that nothing was cut off or written anew.

    Raises:
        BrokenChain: at the first line that does not follow.
    """
    seq, before = 0, NO_HASH
    for line in lines:
        seq += 1
        document = {name: value for name, value in line.items() if name != "sha256"}
        if document.get("seq") != seq:
            raise BrokenChain(f"line {seq} has the number {document.get('seq')}")
        try:
            expected = seal_hash(before, document)
        except CanonicalizationError as error:
            raise BrokenChain(f"event {seq} cannot be read: {error}") from error
        if line.get("sha256") != expected.hex():
            raise BrokenChain(f"event {seq} is not what was sealed, or one before it is missing")
        before = expected
    return seq, before
