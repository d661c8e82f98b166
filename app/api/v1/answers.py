"""Answers as JSON: encoded once, strictly, with the bytes that are sent."""

from typing import Any

from flask import Response

from app.kernel.strict_json import encode


def answer(body: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return from_bytes(encode(body), status)


def from_bytes(body: bytes, status: int = 200) -> Response:
    """Return a JSON answer that is encoded already."""
    return Response(body, status, mimetype="application/json")
