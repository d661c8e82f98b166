"""What the service answers, as values with names: submissions, decisions, claims and entries of the feed.

`document` of each is the whole answer, with whatever a newer service says besides. Times are aware, seconds are
Decimal. Read by the flows; nothing here speaks to the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

OPEN: Final = frozenset({"waiting", "claimed", "held"})


@dataclass(frozen=True)
class Action:
    """One call as it was decided. `args` are complete: where `run` is true, run them and nothing else."""

    call_id: str
    name: str
    verb: str
    run: bool
    args: dict[str, Any]
    args_sha256: str | None
    message: str | None
    grant: str | None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read an action of a decision."""
        return cls(
            call_id=document["call_id"],
            name=document["name"],
            verb=document["verb"],
            run=document["run"],
            args=document["args"],
            args_sha256=document.get("args_sha256"),
            message=document.get("message"),
            grant=document.get("grant"),
        )


@dataclass(frozen=True)
class Vote:
    """What one person said, and how long she was at it."""

    by: str
    verb: str
    at: datetime
    active_seconds: Decimal

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read a vote of a decision."""
        active = Decimal(document["active_seconds"])
        return cls(document["by"], document["verb"], datetime.fromisoformat(document["at"]), active)


@dataclass(frozen=True)
class Decision:
    """What became of a submission. `message` is meant for the model, `note` for people."""

    id: str
    status: str
    decided_by_kind: str
    decided_at: datetime
    final_at: datetime
    output: Any
    actions: tuple[Action, ...]
    message: str | None
    note: str | None
    reason_codes: tuple[str, ...]
    votes: tuple[Vote, ...]
    superseded_by: str | None
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read a decision."""
        return cls(
            id=document["id"],
            status=document["status"],
            decided_by_kind=document["decided_by_kind"],
            decided_at=datetime.fromisoformat(document["decided_at"]),
            final_at=datetime.fromisoformat(document["final_at"]),
            output=document.get("output"),
            actions=tuple(Action.read(action) for action in document.get("actions") or ()),
            message=document.get("message"),
            note=document.get("note"),
            reason_codes=tuple(document.get("reason_codes") or ()),
            votes=tuple(Vote.read(vote) for vote in document.get("votes") or ()),
            superseded_by=document.get("superseded_by"),
            document=document,
        )


@dataclass(frozen=True)
class Submission:
    """What a program sent, as it stands now. `decision` is there once it is final."""

    id: str
    status: str
    decision: Decision | None
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read a submission: the answer to sending one, to reading one, or the data of a webhook or the feed."""
        decision = document.get("decision")
        return cls(document["id"], document["status"], None if decision is None else Decision.read(decision), document)

    @property
    def is_final(self) -> bool:
        """Say whether nothing more will be decided: it passed, was blocked, decided, cancelled, or its time ran out."""
        return self.status not in OPEN

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it passed, waits or was blocked: what each rule that fired says."""
        return tuple(rule["detail"] for rule in self.document.get("route", {}).get("rules", ()))


@dataclass(frozen=True)
class Claim:
    """A reviewer's lease on an item. `item` is what has to be judged, whole."""

    id: str
    token: int
    expires_at: datetime
    item: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read the answer to taking an item."""
        lease = document["claim"]
        return cls(lease["id"], lease["token"], datetime.fromisoformat(lease["expires_at"]), document["item"])


@dataclass(frozen=True)
class Entry:
    """One line of the feed. Keep `seq` with what you made of the entry, and go on from there after a crash."""

    seq: int
    type: str
    at: datetime
    submission: Submission

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read an entry."""
        at = datetime.fromisoformat(document["at"])
        return cls(document["seq"], document["type"], at, Submission.read(document["data"]))
