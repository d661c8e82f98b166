"""What a stretch of time, an item or a foreign amount comes to. Pure and exact: no table is read here, and no clock."""

from app.costs.rules.exchange import Exchange, converted, exchange_on
from app.costs.rules.llm_prices import MATCHES, ListPrice, Match, Tier, Tokens, list_cost, price_of
from app.costs.rules.periods import dated
from app.costs.rules.rates import Payee, Rate, RateUnit, change_instants, hourly_cost, piece_cost, price, rate_at
from app.costs.rules.spans import from_span

__all__ = [
    "MATCHES",
    "Exchange",
    "ListPrice",
    "Match",
    "Payee",
    "Rate",
    "RateUnit",
    "Tier",
    "Tokens",
    "change_instants",
    "converted",
    "dated",
    "exchange_on",
    "from_span",
    "hourly_cost",
    "list_cost",
    "piece_cost",
    "price",
    "price_of",
    "rate_at",
]
