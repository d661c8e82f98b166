"""What a stretch of time, an item or a foreign amount comes to. Pure and exact: no table is read here, and no clock."""

from app.costs.rules.exchange import Exchange, converted, exchange_on
from app.costs.rules.periods import dated
from app.costs.rules.rates import Payee, Rate, RateUnit, change_instants, hourly_cost, piece_cost, price, rate_at

__all__ = [
    "Exchange",
    "Payee",
    "Rate",
    "RateUnit",
    "change_instants",
    "converted",
    "dated",
    "exchange_on",
    "hourly_cost",
    "piece_cost",
    "price",
    "rate_at",
]
