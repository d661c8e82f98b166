"""/api/v1/grants: run an approved call once; and the public keys with which anybody can check a grant.

Scope: submit to redeem. The keys are public.
"""

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.idempotency import once
from app.api.v1.shapes.grants import KeySet, Redeemed, RedeemIn
from app.api.v1.shapes.parts import Problem
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import PUBLIC, allow
from app.grants.queries import key_set
from app.kernel.ids import show
from app.kernel.instants import instant_text
from app.kernel.jcs import args_sha256
from app.kernel.strict_json import encode
from app.review.service.redeeming import redeem
from app.submissions.service import Kept

api = APIBlueprint("grants", __name__, abp_tags=[Tag(name="grants")])


@api.post(
    "/api/v1/grants/redeem",
    security=[{"key": []}],
    responses={200: Redeemed, **dict.fromkeys((401, 403, 404, 409, 410, 422), Problem)},
)
@allow("submit")
def post_redeem(body: RedeemIn) -> Response:
    """Use the grant of an approved action, once. With `args` or `args_sha256`, other arguments are refused.

    With an `Idempotency-Key`, a retry whose first answer was lost gets that answer, and not that the grant is used up.
    """
    return once("/grants/redeem", lambda: _redeem(body))


def _redeem(body: RedeemIn) -> Kept:
    digest = None if body.args_sha256 is None else bytes.fromhex(body.args_sha256)
    grant, at = redeem(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        text=body.grant,
        args_sha256=digest if body.args is None else args_sha256(body.args),
    )
    document = encode(
        {
            "id": show("grant", grant.id),
            "submission_id": show("submission", grant.submission_id),
            "decision_id": show("decision", grant.decision_id),
            "call_id": grant.call_id,
            "name": grant.name,
            "args_sha256": grant.args_sha256.hex(),
            "redeemed_at": instant_text(at),
        }
    )
    return Kept(200, document, None)


@api.get("/.well-known/jwks.json", responses={200: KeySet})
@allow(PUBLIC)
def get_keys() -> Response:
    """Return the public keys that sign grants (RFC 7517), for checking one without asking."""
    response = answer(key_set(db(), now=now()))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
