"""The reasons why somebody gets nothing, as sentences that go on after their number. Called by the desk."""

from collections.abc import Mapping
from typing import Any, Final

# For the person herself: "12 waiting in queues that are not yours".
YOURS: Final[Mapping[str, str]] = {
    "waiting": "waiting in this workspace",
    "paused": "would be yours, but you have paused",
    "at_capacity": "would be yours, but your hands are full: judge or give back what you hold",
    "held_by_me": "held by you",
    "reserved_for_me": "kept ready for you",
    "claimed_by_me": "open at your desk",
    "claimed_by_others": "in the hands of colleagues",
    "held_by_others": "held by colleagues for later",
    "reserved_for_others": "kept ready for colleagues, for a minute",
    "queue_paused": "waiting in queues that are paused",
    "other_queue": "waiting in queues that are not yours",
    "assigned_to_others": "given to colleagues by name",
    "for_lead": "waiting for a lead",
    "not_candidate": "waiting for particular people, and you are not among them",
    "voted_already": "waiting for somebody else, because you have judged them",
    "requester": "not for you, because you asked for them",
    "key_owner": "not for you, because your key submitted them",
    "excluded": "not for you, because you were excluded",
    "editor": "waiting for somebody else, because you have edited them",
    "sender": "waiting for somebody else, because you have sent them back",
    "missing_skill": "waiting for a skill that you do not have",
    "free": "free at this moment: try again",
}


def sentences(why: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the reasons that count something: all that wait first, then the largest."""
    counted = [(word, n) for word, n in why.items() if n and word in YOURS]
    counted.sort(key=lambda pair: (pair[0] != "waiting", -pair[1]))
    return [{"count": n, "sentence": YOURS[word]} for word, n in counted]
