"""Keep list prices of language models as they become known, and price calls by them: each once, for good.

What a provider reported stays beside it and counts more. Called by the flow in, the command that takes a list in and
the list prices API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.costs.models import LlmCall, LlmPrice
from app.costs.queries import list_price_of, prices_for
from app.costs.rules import ListPrice, Tier, Tokens, list_cost, price_of
from app.costs.rules.price_lists import Listed
from app.identity.rules import check_name
from app.kernel.clock import read_now
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import new_ids
from app.kernel.money import minor_units

_BATCH: Final = 500
_PRICES: Final = ("input", "output", "cached_input", "cache_write", "reasoning")


class PriceRefused(Invalid):
    """That list price cannot be used."""


@dataclass(frozen=True)
class Kept:
    """How many of what was sent were new, and how many the workspace knew already."""

    added: int
    known: int


def record_prices(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    prices: Sequence[Listed],
    valid_from: datetime,
    source: str,
    currency: str = "USD",
) -> Kept:
    """Keep what is new in a list; what it says just as before is not kept again.

    Args:
        valid_from: For prices of which the list does not say since when.

    Raises:
        PriceRefused: the currency, or tiers that do not rise from 0 or say nothing.
        BadName: the source.
    """
    try:
        minor_units(currency)
    except Invalid:
        raise PriceRefused(faults=[Fault("/currency", "is not a currency of ISO 4217")]) from None
    if not all(_rises([tier.above for tier in one.tiers]) for one in prices):
        raise PriceRefused(faults=[Fault("/tiers", "must begin with one above 0, and rise")])
    if not all(_says_a_price(tier) for one in prices for tier in one.tiers):
        raise PriceRefused(faults=[Fault("/tiers", "each must say a price")])
    said_by = check_name(source, pointer="/source")
    now = read_now(session)
    known = _known(session, workspace_id)
    held = {_key(one): one for one in sorted(known, key=lambda one: one.valid_from) if one.valid_from <= now}
    there = {(*_key(one), one.valid_from): one for one in known}
    rows: list[dict[str, Any]] = []
    for one in prices:
        since = one.valid_from or valid_from
        before = there.get((*_key(one), since)) if one.valid_from else held.get(_key(one))
        if before is not None and (before.tiers, before.currency) == (one.tiers, currency):
            continue
        rows.append({**_row(one), "currency": currency, "valid_from": since, "source": said_by, "recorded_at": now})
    for id_, row in zip(new_ids(len(rows)), rows, strict=True):
        row |= {"id": id_, "workspace_id": workspace_id}
    for start in range(0, len(rows), _BATCH):
        session.execute(insert(LlmPrice), rows[start : start + _BATCH])
    if rows:
        record(
            session,
            now=now,
            actor=actor,
            workspace_id=workspace_id,
            type="llm_prices.recorded",
            subject_kind="llm_price",
            subject_id=rows[0]["id"],
            details={"source": said_by, "prices": len(rows)},
        )
    return Kept(len(rows), len(prices) - len(rows))


def _rises(above: Sequence[int]) -> bool:
    return above[0] == 0 and sorted(set(above)) == list(above)


def _known(session: Session, workspace_id: UUID) -> list[ListPrice]:
    """Return every price of a workspace, those recorded last at the end."""
    mine = select(LlmPrice).where(LlmPrice.workspace_id == workspace_id)
    return [list_price_of(row) for row in session.scalars(mine.order_by(LlmPrice.recorded_at, LlmPrice.id))]


def _key(one: Listed | ListPrice) -> tuple[str | None, str, str]:
    return one.provider, one.model, one.match


def _row(one: Listed) -> dict[str, Any]:
    return {
        "provider": one.provider,
        "model": one.model,
        "match": one.match,
        "tiers": [_written(tier) for tier in one.tiers],
    }


def _says_a_price(tier: Tier) -> bool:
    return any(getattr(tier, name) is not None for name in _PRICES)


def _written(tier: Tier) -> dict[str, Any]:
    prices = {name: getattr(tier, name) for name in _PRICES}
    return {"above": tier.above} | {name: f"{price:f}" for name, price in prices.items() if price is not None}


def priced_calls(
    session: Session, *, now: datetime, workspace_id: UUID, calls: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what each call, as a row of its table, costs by the list: columns to write beside it."""
    named = {call["model"] for call in calls if call["model"] is not None}
    prices = prices_for(session, workspace_id=workspace_id, models=named) if named else []
    return [_by_list(call, prices, now) for call in calls]


def _by_list(call: Mapping[str, Any], prices: Sequence[ListPrice], now: datetime) -> dict[str, Any]:
    nothing = {"list_price_id": None, "list_amount": None, "list_currency": None, "list_priced_at": None}
    if call["model"] is None or not prices:
        return nothing
    at = call["called_at"] or call["recorded_at"]
    price = price_of(prices, provider=call["provider"], model=call["model"], at=at, known_at=now)
    tokens = Tokens(
        input=call["input_tokens"],
        output=call["output_tokens"],
        cached_input=call["cached_input_tokens"],
        cache_write=call["cache_write_input_tokens"],
        reasoning=call["reasoning_tokens"],
    )
    amount = None if price is None else list_cost(tokens, price.tiers)
    if price is None or amount is None:
        return nothing
    return {
        "list_price_id": price.id,
        "list_amount": amount,
        "list_currency": price.currency,
        "list_priced_at": now,
    }


def price_unpriced(session: Session, *, workspace_id: UUID, after: UUID | None = None) -> tuple[int, UUID | None]:
    """Price some calls that have no list price yet; return how many have one now, and where to go on, None at the end.

    Args:
        after: The last call that was looked at.
    """
    now = read_now(session)
    open_ = LlmCall.workspace_id == workspace_id, LlmCall.list_amount.is_(None), LlmCall.model.is_not(None)
    wanted = select(LlmCall).where(*open_).order_by(LlmCall.id).limit(_BATCH)
    if after is not None:
        wanted = wanted.where(LlmCall.id > after)
    rows = session.scalars(wanted.with_for_update(skip_locked=True)).all()
    names = (
        *("id", "provider", "model", "input_tokens", "output_tokens", "cached_input_tokens"),
        *("cache_write_input_tokens", "reasoning_tokens", "called_at", "recorded_at"),
    )
    calls = [{name: getattr(row, name) for name in names} for row in rows]
    found = priced_calls(session, now=now, workspace_id=workspace_id, calls=calls)
    priced = [{"id": call["id"], **by} for call, by in zip(calls, found, strict=True) if by["list_amount"] is not None]
    if priced:
        session.execute(update(LlmCall), priced)
    return len(priced), rows[-1].id if len(rows) == _BATCH else None
