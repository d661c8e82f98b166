"""/api/v1/llm-prices: what lists say that language models cost, from when on. Append-only. Scope: admin.

Whole lists are taken in by `proofdesk prices import`, which prices what had none before too.
"""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import LlmPriceIn, LlmPricesQuery
from app.api.v1.shapes.parts import Anything, Problem
from app.costs.models import LlmPrice
from app.costs.queries import page_llm_prices
from app.costs.rules import Tier
from app.costs.rules.price_lists import Listed
from app.costs.service import record_prices
from app.edge.context import db, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "llm_prices",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="rate cards")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)


@api.post("/llm-prices", responses={201: Anything})
@allow("admin")
def post(body: LlmPriceIn) -> Response:
    """Record what a model costs; calls that come in from now on are priced by it."""
    tiers = tuple(Tier(**one.model_dump()) for one in body.tiers)
    kept = record_prices(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        prices=[Listed(body.provider, body.model, body.match, tiers, body.valid_from)],
        valid_from=body.valid_from,
        source=body.source,
        currency=body.currency,
    )
    return answer({"added": kept.added, "known": kept.known}, 201)


@api.get("/llm-prices", responses={200: Anything})
@allow("admin")
def get_all(query: LlmPricesQuery) -> Response:
    """List the prices of models, those recorded last first."""
    page = page_llm_prices(db(), workspace_id=workspace_id(), model=query.model, limit=query.limit, cursor=query.cursor)
    rows = [_document(row) for row in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


def _document(price: LlmPrice) -> dict[str, Any]:
    return {
        "id": show("llm_price", price.id),
        "provider": price.provider,
        "model": price.model,
        "match": price.match,
        "currency": price.currency,
        "tiers": price.tiers,
        "valid_from": instant_text(price.valid_from),
        "source": price.source,
        "recorded_at": instant_text(price.recorded_at),
    }
