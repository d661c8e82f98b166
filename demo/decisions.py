"""From a set's verdict to the body of a decision, bound to what the reviewer was shown.

Promise: the body carries the claim's token and the content's sha256 as they were received, arguments are complete,
and nothing of the verdict is lost. Pure. Called by day.py.
"""

from collections.abc import Mapping
from typing import Any


def decision_body(claimed: Mapping[str, Any], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """The body for POST /claims/{id}/decision, from the answer to POST /claims and the verdict on its item."""
    body: dict[str, Any] = {
        "token": claimed["claim"]["token"],
        "content_sha256": claimed["item"]["content_sha256"],
    }
    if "actions" in verdict:
        body["actions"] = verdict["actions"]
    else:
        body["verb"] = verdict["verb"]
    if "output" in verdict:
        body["output"] = verdict["output"]
    if verdict.get("reason_codes"):
        body["reason_codes"] = verdict["reason_codes"]
    return body
