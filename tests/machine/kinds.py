"""Who works in the machine's workspace and what is submitted there, in plain values for the world and the model."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

CLAIM_SECONDS: Final = 900
UNDO_SECONDS: Final = 600
DAY_MS: Final = 86_400_000
REVIEWS_MAX: Final = 3
LAPSE_SECONDS: Final = 14_400
SOON_SECONDS: Final = 3_600


@dataclass(frozen=True)
class Someone:
    """A person; no queues means every queue."""

    roles: list[str]
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()

    @property
    def lead(self) -> bool:
        """Say whether she may have what only leads may have."""
        return "lead" in self.roles

    def works(self, queue: str) -> bool:
        """Say whether a queue is hers."""
        return not self.queues or queue in self.queues


@dataclass(frozen=True)
class Kind:
    """A task type, with what the model has to know of it."""

    queue: str = "default"
    sla_ms: int = DAY_MS
    approvals: int = 1
    rejections: int = 1
    blind: bool = False
    on_timeout: str = "escalate"
    skills: frozenset[str] = frozenset()
    endpoint: bool = False

    @property
    def rule(self) -> dict[str, Any]:
        """Return the rule of its policy, empty when it needs none."""
        if not self.skills:
            return {}
        return {"name": "skilled", "when": "true", "outcome": "review", "skills": sorted(self.skills)}

    @property
    def definition(self) -> dict[str, Any]:
        """Return what differs from the usual task type of the tests."""
        return {
            "queue": self.queue,
            "sla_ms": self.sla_ms,
            "approvals_required": self.approvals,
            "rejections_required": self.rejections,
            "claim_ms": CLAIM_SECONDS * 1000,
            "undo_ms": UNDO_SECONDS * 1000,
            "on_timeout": self.on_timeout,
            "double_review_rate": Decimal(int(self.blind)),
            "max_reviewers": REVIEWS_MAX,
        }


PEOPLE: Final = {
    "ada": Someone(["reviewer"]),
    "bob": Someone(["reviewer"], skills=("law",)),
    "cyd": Someone(["reviewer"], skills=("law",), queues=("default",)),
    "lea": Someone(["lead"], skills=("law",)),
}
KINDS: Final = {
    "plain": Kind(endpoint=True),
    "hasty": Kind(sla_ms=DAY_MS // 4, endpoint=True),
    "legal": Kind(queue="legal", skills=frozenset({"law"})),
    "pair": Kind(approvals=2),
    "panel": Kind(approvals=3, rejections=3),
    "veto": Kind(approvals=2, rejections=2),
    "blind": Kind(approvals=2, rejections=2, blind=True),
    "strict": Kind(sla_ms=DAY_MS // 12, approvals=2, on_timeout="reject", endpoint=True),
    "trusting": Kind(sla_ms=DAY_MS // 12, approvals=2, on_timeout="use_output"),
    "fleeting": Kind(sla_ms=DAY_MS // 12, on_timeout="expire", endpoint=True),
}
# In this queue whoever skips an item never gets it back; in the others she gets it last.
OTHERS_QUEUE: Final = "legal"
