"""Answers as JSON: encoded once, strictly, with the bytes that are sent."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from app.kernel.strict_json import encode


def answer(body: Any, status: int = 200) -> Response:
    """Return a JSON answer. A page that others follow says in its headers where the next one is (RFC 8288)."""
    response = from_bytes(encode(body), status)
    cursor = body.get("next_cursor") if isinstance(body, dict) else None
    if cursor is not None:
        query = {**request.args.to_dict(), "cursor": str(cursor)}
        response.headers["Link"] = f'<{request.base_url}?{urlencode(query)}>; rel="next"'
    return response


def from_bytes(body: bytes, status: int = 200) -> Response:
    """Return a JSON answer that is encoded already."""
    return Response(body, status, mimetype="application/json")
