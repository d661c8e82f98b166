"""A verdict as it arrives by the API, made into what the services judge. Called by claims and decisions."""

from app.api.v1.shapes.claims import VerdictIn
from app.edge.context import strict_request
from app.review.rules.verdict import ActionVerdict, Verdict


def read_verdict(body: VerdictIn) -> Verdict:
    """Return what the reviewer said; an output of null is none."""
    return Verdict(
        verb=body.verb,
        output=body.output,
        has_output="output" in strict_request().document and body.output is not None,
        actions=tuple(ActionVerdict(a.call_id, a.verb, a.args, a.message) for a in body.actions),
        message=body.message,
        note=body.note,
        reason_codes=tuple(body.reason_codes),
    )
