"""The story of an item as its page tells it: each event of the trail as a sentence. Called by the item page."""

from collections.abc import Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from app.audit.queries import EventRow, list_events_of
from app.edge.context import db, workspace_id
from app.kernel.ids import show
from app.queue.models import Item
from app.reports.people import names_of_keys

_TOLD: Final[Mapping[str, str]] = {
    "item.enqueued": "came in",
    "item.claim": "was taken",
    "item.reserve": "was kept ready",
    "item.unreserve": "was not wanted and went back in line",
    "item.vote": "was judged; somebody else has to judge too",
    "item.vote_late": "was judged after the lease; somebody else has to judge too",
    "item.decide": "was decided",
    "item.decide_late": "was decided after the lease",
    "item.skip": "was skipped",
    "item.release": "was put back",
    "item.expire_claim": "went back in line because the lease ran out",
    "item.revoke_claim": "went back in line because its reviewer was disabled",
    "item.hold": "was kept for later",
    "item.unhold": "went back in line after being kept",
    "item.hand_over": "was given to a colleague",
    "item.second_opinion": "was sent on for a second opinion",
    "item.escalate_claim": "was passed up",
    "item.reassign": "was given out by a lead",
    "item.escalate": "took its next escalation step",
    "item.due_soon": "became due soon",
    "item.breach": "became overdue",
    "item.relax": "asks for fewer skills after waiting long",
    "item.lapse": "is free for everybody again",
    "item.time_out": "was decided because its time was up",
    "item.expire": "expired because its time was up",
    "item.cancel": "was taken back by the program",
    "item.undo": "was taken back before it was final",
    "item.supersede": "was overturned",
    "grant.redeemed": "had an approved call carried out: its grant was used",
}
# What somebody said is not shown while reviewers are to judge it without seeing each other.
_VOTES: Final = frozenset({"item.vote", "item.vote_late", "item.claim", "item.expire_claim"})
# Who acts without being a person or a key.
_OTHERS: Final = {"system": "Proofdesk itself", "command": "the command line"}
_MOST_EVENTS: Final = 200


def story(item: Item, *, names: Mapping[str, str], veiled: bool) -> list[dict[str, Any]]:
    """Return what happened to an item, and what came of its decision, each event as {at, what, who, more}.

    Args:
        names: Of people, by shown id.
        veiled: Leave out who judged, because others are still to judge independently.
    """
    keys = names_of_keys(db(), workspace_id=workspace_id())
    events = _events_of("item", item.id) + [
        event for event in _events_of("submission", item.submission_id) if event.type == "grant.redeemed"
    ]
    events.sort(key=attrgetter("number"))
    return [_one(event, names, keys, veiled=veiled and event.type in _VOTES) for event in events]


def _events_of(kind: str, subject_id: UUID) -> list[EventRow]:
    return list_events_of(
        db(), workspace_id=workspace_id(), subject_kind=kind, subject_id=subject_id, limit=_MOST_EVENTS
    )


def _one(event: EventRow, names: Mapping[str, str], keys: Mapping[UUID, str], *, veiled: bool) -> dict[str, Any]:
    at: datetime = event.at
    return {
        "at": at,
        "what": _TOLD.get(event.type, event.type.removeprefix("item.").replace("_", " ")),
        "who": None if veiled else _who(event, names, keys),
        "more": "" if veiled else _more(event.details, names),
    }


def _who(event: EventRow, names: Mapping[str, str], keys: Mapping[UUID, str]) -> str | None:
    if event.actor_id is None:
        return _OTHERS.get(event.actor_kind)
    if event.actor_kind == "key":
        return f"{keys.get(event.actor_id, 'a program')} (by key)"
    return names.get(show("person", event.actor_id))


def _more(details: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = [
        str(details[word])
        for word in ("verb", "status", "reason", "queue", "call_id")
        if isinstance(details.get(word), str)
    ]
    to = details.get("to")
    if isinstance(to, str):
        words.append(f"to {names.get(to, to)}")
    return ", ".join(words)
