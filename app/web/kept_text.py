"""What somebody typed and did not hand in, or handed in too late, as labels and texts. Called by the pages."""

from collections.abc import Mapping
from typing import Any, Final

from app.web.as_text import as_text
from app.web.verdict_form import field_label

# Proofs of what was shown, choices of a moment: no text of anybody's.
_NOT_TEXT: Final = frozenset(
    {
        *("token", "content_sha256", "verb", "discard_edits", "view", "confirmation"),
        *("opened", "adopt", "skip_reason", "act_note", "hand_to"),
    }
)
_OF_A_VERDICT: Final = ("verb", "output", "message", "note", "reason_codes")
_OF_AN_ACTION: Final = ("verb", "args", "message")


def texts_of_fields(fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return [{label, text}] of the desk's posted or saved fields."""
    return [
        {"label": field_label(name), "text": text if isinstance(text, str) else ", ".join(text)}
        for name, text in fields.items()
        if name not in _NOT_TEXT and text
    ]


def texts_of(kept: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return [{label, text}] of a kept text, be it a draft or a verdict that came too late."""
    fields = kept.get("fields")
    if isinstance(fields, dict):
        return texts_of_fields(fields)
    if not set(_OF_A_VERDICT) <= set(kept):
        # What a program keeps as a draft is its own affair.
        return [{"label": "Draft", "text": as_text(kept)}]
    said = {name: kept[name] for name in _OF_A_VERDICT if kept[name]}
    said |= {f"{action['call_id']}/{name}": action[name] for action in kept["actions"] for name in _OF_AN_ACTION}
    return [{"label": field_label(name), "text": _plain(value)} for name, value in said.items() if value]


def _plain(value: Any) -> str:
    return (
        ", ".join(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else as_text(value)
    )
