"""The only writers of money: rates, cost and piece entries, and the calls of language models."""

from app.costs.service.ledger import ActiveTime, post_costs, post_piece, reverse_pieces
from app.costs.service.model_calls import Kept, keep_calls
from app.costs.service.rates import ExchangeRefused, NewRate, RateRefused, record_exchange_rates, record_rate

__all__ = [
    "ActiveTime",
    "ExchangeRefused",
    "Kept",
    "NewRate",
    "RateRefused",
    "keep_calls",
    "post_costs",
    "post_piece",
    "record_exchange_rates",
    "record_rate",
    "reverse_pieces",
]
