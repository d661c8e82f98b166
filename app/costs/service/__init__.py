"""The only writers of money: rate cards, cost entries, and the calls of language models."""

from app.costs.service.ledger import ActiveTime, NewRate, RateRefused, post_costs, record_rate
from app.costs.service.model_calls import Kept, keep_calls

__all__ = ["ActiveTime", "Kept", "NewRate", "RateRefused", "keep_calls", "post_costs", "record_rate"]
