"""What somebody typed and did not hand in, or handed in too late, as labels and texts. Called by the pages."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.as_text import as_text
from app.web.verdict_form import field_label

# What a draft does not hold, as the script's does not.
PROOF: Final = frozenset({"token", "content_sha256", "verb", "discard_edits", "view", "confirmation"})
# Nor are choices of a moment a text of anybody's.
_NOT_TEXT: Final = PROOF | {"opened", "adopt", "skip_reason", "act_note", "hand_to"}
_OF_A_VERDICT: Final = ("verb", "output", "message", "note", "reason_codes")
_OF_AN_ACTION: Final = ("verb", "args", "message")


def texts_of_fields(fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return [{label, text}] of the desk's posted or saved fields."""
    return [
        {"label": field_label(name), "text": _plain(said)}
        for name, said in fields.items()
        if name not in _NOT_TEXT and said
    ]


def texts_of_draft(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return [{label, text}] of a draft; what a program keeps as one is its own affair, and shown as it is."""
    fields = body.get("fields")
    return texts_of_fields(fields) if isinstance(fields, dict) else [{"label": "Draft", "text": as_text(body)}]


def texts_of_verdict(body: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return [{label, text}] of a verdict that came too late."""
    said = {name: body[name] for name in _OF_A_VERDICT}
    said |= {f"{action['call_id']}/{name}": action[name] for action in body["actions"] for name in _OF_AN_ACTION}
    return [{"label": field_label(name), "text": _plain(value)} for name, value in said.items() if value]


def _plain(value: Any) -> str:
    words = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return ", ".join(value) if words else as_text(value)
