"""What the desk's buttons beside the rows of an array do to the posted fields. Called by the review pages."""

from collections.abc import Iterator

import orjson

from app.review.queries import OpenClaim
from app.web.schema_form import ADD, DOWN, REMOVE, UP, FormNode, Posted, build_form, changed_rows


def with_rows_changed(opened: OpenClaim, posted: Posted, asked: str) -> tuple[Posted, str | None]:
    """Return the posted fields after an act on a row, and what takes the focus then.

    Args:
        asked: What the button posts: "rows", the act, the row's slot ("-" for none) and the array's control name.
    """
    _, act, slot, name = [*asked.split(" ", 3), "", "", ""][:4]
    found = next((node for node in _nodes(opened, posted) if node.name == name and node.rows is not None), None)
    if found is None or found.rows is None:
        return posted, None
    rows = changed_rows(found.rows, act, slot)
    changed: dict[str, str | list[str]] = {**posted, name: ",".join(rows)}
    action = name.removeprefix("args.").partition("/")[0] if name.startswith("args.") else None
    if action is not None and posted.get(f"verb.{action}", "") in {"", "approve"} and _may_edit(opened, action):
        changed[f"verb.{action}"] = "edit"
    if act == REMOVE:
        return changed, f"add {name}"
    row = f"{name}/{rows[-1]}" if act == ADD else f"{name}/{slot}"
    if act != ADD:
        # At an end of the list that button is dead, and the other one goes on.
        other = {UP: DOWN, DOWN: UP}.get(act, act)
        dead = slot == (rows[0] if act == UP else rows[-1])
        return changed, f"{other if dead else act} {row}"
    new = next((node for node in _nodes(opened, changed) if node.name == row), None)
    return changed, None if new is None else next((leaf.name for leaf in new.leaves), f"add {row}")


def _may_edit(opened: OpenClaim, action: str) -> bool:
    return "edit" in opened.received.actions[int(action)].allowed


def _nodes(opened: OpenClaim, posted: Posted) -> Iterator[FormNode]:
    """Yield every node of every form of a claim, as the page shows them."""
    if opened.received.has_output:
        schema = orjson.loads(opened.task_type.output_schema)
        yield from build_form(schema, opened.received.output, {}, {}, "output", posted=posted).nodes
    for n, action in enumerate(opened.received.actions):
        yield from build_form(action.args_schema, action.args, {}, {}, f"args.{n}", posted=posted).nodes
