"""A call of a language model as a span of OpenTelemetry describes it, under our own names. Pure.

Names: the semantic conventions for generative AI (gen_ai.*), in development as of November 2026; the older
gen_ai.system is taken for the provider too. Called by the shapes of the API and where calls are kept.
"""

from collections.abc import Mapping
from typing import Any, Final

_OURS: Final = {
    "gen_ai.provider.name": "provider",
    "gen_ai.system": "provider",
    "gen_ai.response.id": "response_id",
    "gen_ai.response.model": "model",
    "gen_ai.request.model": "model",
    "gen_ai.usage.input_tokens": "input_tokens",
    "gen_ai.usage.output_tokens": "output_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cached_input_tokens",
    "gen_ai.usage.cache_creation.input_tokens": "cache_write_input_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
}


def from_span(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a call whose keys are attributes of a span under our own names; any other as it is.

    The model that answered counts before the one that was asked for. Attributes that say nothing of use, all of which
    have a dot in their name, are let go; our own names may stand beside them and count first.
    """
    if not any(key.startswith("gen_ai.") for key in call):
        return call
    ours = {key: value for key, value in call.items() if "." not in key}
    for theirs, name in _OURS.items():
        if theirs in call:
            ours.setdefault(name, call[theirs])
    if "error.type" in call:
        ours.setdefault("status", "error")
    return ours
