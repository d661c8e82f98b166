"""The only writers of money: rates, cost and piece entries, closes of the books, and the calls of language models."""

from app.costs.service.ledger import ActiveTime, post_costs, post_piece, reverse_pieces
from app.costs.service.llm_prices import Kept, PriceRefused, price_unpriced, record_prices
from app.costs.service.looking import Priced, look_at_prices
from app.costs.service.model_calls import keep_calls
from app.costs.service.periods import CloseRefused, close_period
from app.costs.service.rates import ExchangeRefused, NewRate, RateRefused, record_exchange_rates, record_rate

__all__ = [
    "ActiveTime",
    "CloseRefused",
    "ExchangeRefused",
    "Kept",
    "NewRate",
    "PriceRefused",
    "Priced",
    "RateRefused",
    "close_period",
    "keep_calls",
    "look_at_prices",
    "post_costs",
    "post_piece",
    "price_unpriced",
    "record_exchange_rates",
    "record_prices",
    "record_rate",
    "reverse_pieces",
]
