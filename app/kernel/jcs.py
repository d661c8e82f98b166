"""Canonical JSON: one value, one row of bytes, so that two programs that mean the same arguments get the same digest.

JSON Canonicalization Scheme (RFC 8785). What came through the strict decoder can always be written: its integers lie
within 2^53 and its numbers are doubles. Called by whoever binds something to arguments.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import rfc8785
from rfc8785 import CanonicalizationError

__all__ = ["CanonicalizationError", "args_sha256", "canonical"]


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a decoded JSON value (RFC 8785)."""
    return rfc8785.dumps(value)


def args_sha256(args: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of the canonical bytes of an action's complete arguments, 32 bytes."""
    return sha256(canonical(dict(args))).digest()
