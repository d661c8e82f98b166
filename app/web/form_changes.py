"""How the long texts of a form were changed: for the form macro, and for the script each time a draft is kept."""

from collections.abc import Iterable
from typing import Any

import orjson
from jinja2 import Environment

from app.review.queries import OpenClaim
from app.web.schema_form import FormNode, Posted, build_form, normal_breaks
from app.web.untrusted import parts
from app.web.word_diff import Piece, word_changes


def changes_of(opened: OpenClaim, fields: Posted) -> dict[str, list[dict[str, Any]]]:
    """Return how each long text that a draft holds was changed, by the name of its control."""
    return {
        leaf.name: [{"how": piece.how, "parts": parts(piece.text)} for piece in changes]
        for form in _forms(opened, fields)
        for leaf in form.leaves
        if leaf.name in fields and (changes := leaf_changes(leaf))
    }


def leaf_changes(leaf: FormNode) -> list[Piece]:
    """Return how a long text was changed; nothing for what is none, or is as it was."""
    if not leaf.multiline or leaf.kind != "string" or not leaf.changed:
        return []
    # A browser posts other line breaks than it was given.
    return word_changes(normal_breaks(leaf.original_text), normal_breaks(leaf.text))


def _forms(opened: OpenClaim, fields: Posted) -> Iterable[FormNode]:
    received = opened.received
    if received.has_output:
        schema = orjson.loads(opened.task_type.output_schema)
        yield build_form(schema, received.output, {}, {}, "output", posted=fields)
    for n, action in enumerate(received.actions):
        yield build_form(action.args_schema, action.args, {}, {}, f"args.{n}", posted=fields)


def add_to(environment: Environment) -> None:
    """Make it known to every template."""
    environment.globals["leaf_changes"] = leaf_changes
