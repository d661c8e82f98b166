"""Canonical JSON is byte for byte that of a reference library, and what has no canonical form is refused."""

import math
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from proofdesk_client import args_sha256, canonical, derive_key

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53 - 1), 2**53 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(VALUES)
@example({"\U0001f600": 1, "\ufffd": 2, "é": [1e21, 1e-7, 0.000001, 123456789012345680000.0, 5e-324, -0.0, 1.5e300]})
def test_it_is_what_the_reference_library_writes(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(NUMBERS)
def test_numbers_too(value: float) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, math.nan, -math.inf, "\ud800", {"\ud800": 1}])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of several kinds
        canonical(value)


@pytest.mark.parametrize("value", [{1: 2}, {"a": {3}}, b"x", object()])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_a_digest_does_not_hang_on_order_or_spelling() -> None:
    assert args_sha256({"a": 1, "b": 2.0}) == args_sha256({"b": 2, "a": 1.0})
    assert derive_key("run", 1) != derive_key("run", 2)
    assert len(derive_key("run")) == 64
