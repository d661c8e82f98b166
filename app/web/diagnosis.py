"""What the queue doctor found about a queue or a person, as pages show it. Called by their pages."""

from collections.abc import Mapping
from typing import Any

from app.edge.context import now
from app.queue.rules.diagnosis import SAYS
from app.reports.doctor import Leases, PersonDiagnosis, QueueDiagnosis


def why_queue(found: QueueDiagnosis) -> dict[str, Any]:
    """Return why a queue does not move, the weightiest reason first, and the skills that are missing."""
    return {
        "reasons": _reasons(found.reasons),
        "able": found.people.get("able", 0),
        "present": found.people.get("present", 0),
        "nobody_has": found.skills_nobody_has,
        "nobody_present_has": {
            skill: n for skill, n in found.skills_nobody_present_has.items() if skill not in found.skills_nobody_has
        },
        **_leases(found.state.leases),
    }


def why_person(found: PersonDiagnosis) -> dict[str, Any]:
    """Return what a person would get and what is kept from her: first what keeps everything, then the weightiest."""
    seen = found.member.as_seen
    return {
        "obstacles": [SAYS[word] for word in found.obstacles],
        "reasons": _reasons({word: n for word, n in found.reasons.items() if word not in found.obstacles}),
        "free": found.free,
        "waiting": found.waiting,
        "in_hand": found.in_hand,
        "capacity": seen.standing.capacity,
        "paused_at": seen.standing.paused_at,
        "pause_reason": found.member.pause_reason,
        "present": seen.present,
        "next_due_at": found.next_due_at,
        "next_due_seconds": None if found.next_due_at is None else (found.next_due_at - now()).total_seconds(),
        "counted_at": found.counted_at if found.capped else None,
        **_leases(found.leases),
    }


def _reasons(reasons: Mapping[str, int]) -> list[dict[str, Any]]:
    ordered = sorted(reasons.items(), key=lambda one: -one[1])
    return [{"count": n, "says": SAYS.get(word, word)} for word, n in ordered]


def _leases(leases: Leases) -> dict[str, Any]:
    ends = leases.next_expiry_at
    return {
        "overdue_leases": leases.overdue,
        "next_expiry_at": ends,
        "next_expiry_seconds": None if ends is None else (ends - now()).total_seconds(),
    }
