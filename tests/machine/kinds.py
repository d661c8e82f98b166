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
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True)
class Crew:
    """A group: what its members may do besides what each may do herself."""

    members: tuple[str, ...]
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Someone:
    """A person; no queues, neither hers nor a group's, means every queue."""

    name: str
    roles: list[str]
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    capacity: int | None = None

    @property
    def lead(self) -> bool:
        """Say whether she may have what only leads may have."""
        return "lead" in self.roles

    @property
    def crews(self) -> set[str]:
        """Return the groups that she is in."""
        return {name for name, crew in CREWS.items() if self.name in crew.members}

    @property
    def can(self) -> set[str]:
        """Return the skills that she has, by herself or through a group."""
        return {*self.skills, *(skill for name in self.crews for skill in CREWS[name].skills)}

    def works(self, queue: str) -> bool:
        """Say whether a queue is hers, by herself or through a group."""
        mine = {*self.queues, *(queue for name in self.crews for queue in CREWS[name].queues)}
        return not mine or queue in mine


@dataclass(frozen=True)
class Step:
    """An escalation step; `leads` leaves the item to them."""

    after_ms: int
    queue: str | None = None
    crew: str | None = None
    leads: bool = False
    priority: int | None = None

    @property
    def document(self) -> dict[str, Any]:
        """Return it as a task type takes it."""
        kept = {"after_ms": self.after_ms, "queue": self.queue, "leads": self.leads, "priority": self.priority}
        return {word: it for word, it in kept.items() if it} | ({"groups": [self.crew]} if self.crew else {})


@dataclass(frozen=True)
class Kind:
    """A task type and what is asked for with it, as far as the model has to know."""

    queue: str = "default"
    sla_ms: int = DAY_MS
    approvals: int = 1
    rejections: int = 1
    blind: bool = False
    on_timeout: str = "escalate"
    skills: frozenset[str] = frozenset()
    endpoint: bool = False
    priority: int = 50
    requester: str | None = None
    excluded: tuple[str, ...] = ()
    candidates: tuple[str, ...] | None = None
    crew: str | None = None
    steps: tuple[Step, ...] = ()
    on_last_timeout: str = "stay"

    @property
    def wishes(self) -> dict[str, Any]:
        """Return what its submissions ask for."""
        asked: dict[str, Any] = {"priority": self.priority, "excluded": [_address(name) for name in self.excluded]}
        if self.requester:
            asked["requested_by"] = {"on_behalf_of": _address(self.requester)}
        if self.candidates is not None:
            crews = [self.crew] if self.crew else []
            asked["candidates"] = {"users": [_address(name) for name in self.candidates], "groups": crews}
        return asked

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
            "escalation": tuple(step.document for step in self.steps),
            "on_last_timeout": self.on_last_timeout,
        }


def _address(name: str) -> str:
    return f"{name}@example.org"


_EVERYBODY: Final = (
    Someone("ada", ["reviewer"]),
    Someone("bob", ["reviewer"], capacity=2),
    Someone("cyd", ["reviewer"], skills=("law",)),
    Someone("lea", ["lead"], skills=("law",)),
)
PEOPLE: Final = {one.name: one for one in _EVERYBODY}
CREWS: Final = {
    "jurists": Crew(members=("bob", "cyd"), skills=("law",)),
    "front": Crew(members=("cyd",), queues=("default",)),
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
    "urgent": Kind(priority=90, requester="ada", excluded=("cyd",)),
    "chosen": Kind(priority=10, candidates=("ada",), crew="jurists"),
    "laddered": Kind(
        sla_ms=2 * HOUR_MS,
        candidates=("ada",),
        steps=(
            Step(HOUR_MS, queue="legal", crew="jurists", priority=80),
            Step(4 * HOUR_MS, leads=True),
        ),
        on_last_timeout="reject",
    ),
    "passed up": Kind(sla_ms=HOUR_MS // 2, steps=(Step(2 * HOUR_MS, leads=True, priority=95),)),
}
# In this queue whoever skips an item never gets it back; in the others she gets it last.
OTHERS_QUEUE: Final = "legal"
# There an item that has waited this long asks for the skill no more, and for no candidate.
RELAXED_AFTER_MS: Final = 3 * HOUR_MS
RELAXED: Final = "law"
QUEUES: Final = ("default", OTHERS_QUEUE)
