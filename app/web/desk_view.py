"""What the desk shows of a claim: plain values for the template, made from the open claim and what was posted or saved.

Called by the review pages.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from flask import url_for

from app.kernel.errors import Fault
from app.kernel.ids import show
from app.kernel.jcs import args_sha256
from app.review.queries import OpenClaim
from app.submissions.rules.received import Action
from app.web.answers_view import answers_table
from app.web.context_view import VIEWS, context_of, is_too_long
from app.web.friction import Friction, friction_of, opened_blocks
from app.web.markdown import guidelines
from app.web.schema_form import FormNode, Posted, build_form
from app.web.shown_files import files_of


def desk(
    opened: OpenClaim,
    *,
    now: datetime,
    clock: Mapping[str, Any],
    thresholds: Mapping[str, float],
    threshold: float | None,
    posted: Posted | None = None,
    faults: Sequence[Fault] = (),
    refused: str | None = None,
    view: str = "text",
) -> dict[str, Any]:
    """Return the variables of review/show.html.

    Args:
        clock: Of its claim, as app/web/claim_clock.py says.
        posted: A refused post or a restored draft; its texts stand in the fields instead of the model's.
        faults: What was wrong with the post, pointers as the API gives them.
        refused: The heading above the faults.
        view: How the context is shown, one of VIEWS.
    """
    fields = posted or {}
    received = opened.received
    actions = [
        _action(n, action, fields, [f for f in faults if f.pointer.startswith(f"/actions/{n}")])
        for n, action in enumerate(received.actions)
    ]
    form = _output_form(opened, thresholds, fields, faults) if received.has_output else None
    friction = friction_of(opened)
    too_long = view == "markdown" and is_too_long(received)
    return {
        "claim": _claim(opened, clock),
        "item": _item(opened, now),
        "context": context_of(received, "text" if too_long else view, files_of(received)),
        "friction": friction,
        "opened": opened_blocks(fields),
        "view": view,
        "views": VIEWS,
        "next_view": VIEWS[(VIEWS.index(view) + 1) % len(VIEWS)],
        "too_long": too_long,
        "mode": "actions" if actions else "output",
        "form": form,
        "actions": actions,
        **_why(opened, threshold),
        **_said(opened, fields),
        "can_respond": not actions,
        "answers": answers_table(opened),
        "filled": "",
        "independent": opened.item.review_mode == "blind",
        "problem": _problem(refused, faults, _names(form, actions) | _friction_names(friction)),
        "edits_at_stake": False,
        "urls": _urls(opened),
    }


def _why(opened: OpenClaim, threshold: float | None) -> dict[str, Any]:
    """Return the third region."""
    submission = opened.submission
    return {
        "route": {
            "rules": submission.route_rules,
            "policy_version": submission.policy_version,
            "inclusion_probability": None,
        },
        "confidence": {"value": opened.received.confidence, "threshold": threshold},
        "guidelines": guidelines(opened.task_type.guidelines),
    }


def _said(opened: OpenClaim, fields: Posted) -> dict[str, Any]:
    """Return what was typed or chosen beside the output."""
    reasons = fields.get("reason_codes", [])
    return {
        "reason_codes": opened.task_type.reason_codes,
        "chosen_reasons": [reasons] if isinstance(reasons, str) else list(reasons),
        "message": fields.get("message", ""),
        "note": fields.get("note", ""),
        "confirmation": fields.get("confirmation", ""),
        "adopted": fields.get("adopt", ""),
    }


def _urls(opened: OpenClaim) -> dict[str, str]:
    claim_id = show("claim", opened.claim.id)
    return {
        "decide": url_for("review.hand_in", claim_id=claim_id),
        "draft": url_for("review.keep_draft", claim_id=claim_id),
        "skip": url_for("desk_acts.skip", claim_id=claim_id),
        "release": url_for("desk_acts.release", claim_id=claim_id),
        "hold": url_for("desk_acts.keep", claim_id=claim_id),
        "ahead": url_for("desk_acts.have_next_ready"),
        "pause": url_for("desk_acts.keep_and_pause", claim_id=claim_id),
        "handover": url_for("desk_acts.give_to", claim_id=claim_id),
        "second_opinion": url_for("desk_acts.ask_another", claim_id=claim_id),
        "escalate": url_for("desk_acts.pass_up", claim_id=claim_id),
    }


def _claim(opened: OpenClaim, clock: Mapping[str, Any]) -> dict[str, Any]:
    claim = opened.claim
    return {
        **clock,
        "id": show("claim", claim.id),
        "token": claim.token,
        "claim_seconds": claim.claim_ms // 1000,
    }


def _item(opened: OpenClaim, now: datetime) -> dict[str, Any]:
    submission = opened.submission
    model = (submission.model_provider, submission.model_name, submission.model_version)
    prompt = (submission.prompt_id, submission.prompt_version)
    return {
        "id": show("item", opened.item.id),
        "task_type": opened.task_type.name,
        "title": opened.received.title,
        "trace_url": opened.received.trace.get("url"),
        "content_sha256": submission.content_sha256.hex(),
        "submitted_at": submission.created_at,
        "external_id": submission.external_id,
        "model": " ".join(part for part in model if part) or None,
        "prompt": " version ".join(part for part in prompt if part) or None,
        "due_at": opened.item.due_at,
        "due_in_seconds": int((opened.item.due_at - now).total_seconds()),
    }


def _output_form(
    opened: OpenClaim, thresholds: Mapping[str, float], fields: Posted, faults: Sequence[Fault]
) -> FormNode:
    below = [Fault(f.pointer.removeprefix("/output"), f.detail) for f in faults if f.pointer.startswith("/output")]
    return build_form(
        orjson.loads(opened.task_type.output_schema),
        opened.received.output,
        opened.received.field_confidence,
        thresholds,
        "output",
        posted=fields or None,
        faults=below,
    )


def _action(position: int, action: Action, fields: Posted, faults: Sequence[Fault]) -> dict[str, Any]:
    below = f"/actions/{position}/args"
    inside = [Fault(f.pointer.removeprefix(below), f.detail) for f in faults if f.pointer.startswith(below)]
    return {
        "index": position,
        "name": action.name,
        "description": action.description,
        "preview": action.preview,
        "args_sha256": args_sha256(action.args).hex(),
        "risks": _risks(action),
        "allowed": list(action.allowed),
        "form": build_form(
            action.args_schema,
            action.args,
            {},
            {},
            f"args.{position}",
            posted=fields or None,
            faults=inside,
            label="Args",
        ),
        "verb": fields.get(f"verb.{position}", ""),
        "message": fields.get(f"message.{position}", ""),
        "faults": [f.detail for f in faults if not f.pointer.startswith(below)],
    }


def _risks(action: Action) -> list[str]:
    words = [f"{action.risk['level']} risk"] if action.risk.get("level") else []
    words += ["not reversible"] if action.risk.get("reversible") is False else []
    return words + (["destructive"] if action.risk.get("destructive") is True else [])


def _names(form: FormNode | None, actions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the name of every control by the pointer that a fault of it has."""
    roots = [("/output", form)] if form is not None else []
    roots += [(f"/actions/{one['index']}/args", one["form"]) for one in actions]
    return {base + node.place: node.name for base, root in roots for node in root.nodes}


def _friction_names(friction: Friction | None) -> dict[str, str]:
    """Return the same for what a high-risk action asks for."""
    if friction is None:
        return {}
    blocks = {f"/evidence/{n}": f"evidence.{n}" for n in friction.blocks}
    return {"/reason": "note", "/confirmation": "confirmation", **blocks}


def _problem(refused: str | None, faults: Sequence[Fault], names: Mapping[str, str]) -> dict[str, Any] | None:
    if refused is None:
        return None
    return {"title": refused, "faults": [_fault(f, names) for f in faults]}


def _fault(fault: Fault, names: Mapping[str, str]) -> dict[str, str | None]:
    """Return a fault with the name of the control that it is about, so that the page can link to it."""
    label = re.sub(r"^/(actions/\d+/(?=args))?", "", fault.pointer)
    within = fault.pointer
    # What is missing in a group has no control of its own; the group is where to look.
    while within and within not in names:
        within = within.rpartition("/")[0]
    if within:
        return {"name": names[within], "label": label, "detail": fault.detail}
    return {"name": None, "label": label, "detail": f"{label} {fault.detail}".strip()}
