"""What a decision changed of what the model said, word by word. Called by the item page."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.submissions.rules.received import Received
from app.web.as_text import as_text
from app.web.word_diff import Piece, word_changes


def changes_by(received: Received, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what differs between a submission and its decision: {label, pieces} for the output and each action.

    Args:
        body: What the decision says: its output, and its actions with the args that run.
    """
    return [{"label": label, "pieces": pieces} for label, pieces in _differences(received, body)]


def _differences(received: Received, body: Mapping[str, Any]) -> Iterator[tuple[str, list[Piece]]]:
    if received.has_output and body["output"] is not None and body["output"] != received.output:
        yield "Output", word_changes(as_text(received.output), as_text(body["output"]))
    decided = {action["call_id"]: action for action in body["actions"]}
    for action in received.actions:
        said = decided.get(action.call_id)
        if said is not None and said["run"] and said["args"] != action.args:
            yield action.name, word_changes(as_text(action.args), as_text(said["args"]))
