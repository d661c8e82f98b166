"""/api/v1/rate-cards, /exchange-rates: say what work costs and what money is worth. Append-only. Scope: admin."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import ExchangeRatesIn, RateCardIn
from app.api.v1.shapes.parts import Anything, PageQuery, Problem
from app.costs.models import RateCard
from app.costs.queries import exchange_of, list_rate_cards, page_exchange_rates
from app.costs.rules import Exchange
from app.costs.service import NewRate, record_exchange_rates, record_rate
from app.edge.context import db, principal, workspace_id
from app.edge.guard import allow
from app.identity.queries import get_membership
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "rate_cards",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="rate cards")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/rate-cards", responses={201: Anything})
@allow("admin")
def post(body: RateCardIn) -> Response:
    """Record a rate; it prices the time that is posted from now on."""
    person_id = None
    if body.person is not None:
        person_id = parse("person", body.person)
        get_membership(db(), workspace_id=workspace_id(), person_id=person_id)
    card = record_rate(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        new=NewRate(
            person_id=person_id,
            role=body.role,
            vendor=body.vendor,
            unit=body.unit,
            currency=body.currency,
            base=body.base,
            burden=body.burden,
            overhead=body.overhead,
            valid_from=body.valid_from,
            valid_to=body.valid_to,
        ),
    )
    return answer(_document(card), 201)


@api.get("/rate-cards", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List every rate card, the newest first."""
    rows = [_document(c) for c in list_rate_cards(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.post("/exchange-rates", responses={201: Anything})
@allow("admin")
def post_exchange_rates(body: ExchangeRatesIn) -> Response:
    """Record what one of a currency bought of others on a day; reports in one currency go by it."""
    rows = record_exchange_rates(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        from_currency=body.base,
        rates=body.rates,
        on=body.date,
        source=body.source,
    )
    return answer({"data": [_exchange(exchange_of(row)) for row in rows]}, 201)


@api.get("/exchange-rates", responses={200: Anything})
@allow("admin")
def get_exchange_rates(query: PageQuery) -> Response:
    """List the exchange rates, those recorded last first."""
    page = page_exchange_rates(db(), workspace_id=workspace_id(), limit=query.limit, cursor=query.cursor)
    rows = [_exchange(exchange_of(row)) for row in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


def _exchange(row: Exchange) -> dict[str, Any]:
    return {
        "id": show("exchange_rate", row.id),
        "from": row.from_currency,
        "to": row.to_currency,
        "rate": f"{row.rate.normalize():f}",
        "date": row.on.isoformat(),
        "source": row.source,
        "recorded_at": instant_text(row.recorded_at),
    }


def _document(card: RateCard) -> dict[str, Any]:
    return {
        "id": show("rate_card", card.id),
        "person": None if card.person_id is None else show("person", card.person_id),
        "role": card.role,
        "vendor": card.vendor,
        "currency": card.currency,
        "unit": card.unit,
        "base": f"{card.base:f}",
        "burden": f"{card.burden:f}",
        "overhead": f"{card.overhead:f}",
        "valid_from": instant_text(card.valid_from),
        "valid_to": None if card.valid_to is None else instant_text(card.valid_to),
        "recorded_at": instant_text(card.recorded_at),
    }
