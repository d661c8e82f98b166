"""Answers as JSON: encoded once, strictly, with the bytes that are sent."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from app.edge.versions import version_of
from app.kernel.strict_json import encode


def answer(body: Any, status: int = 200) -> Response:
    """Return a JSON answer. A page that others follow says in its headers where the next one is (RFC 8288)."""
    response = from_bytes(encode(body), status)
    cursor = body.get("next_cursor") if isinstance(body, dict) else None
    if cursor is not None:
        query = {**request.args.to_dict(), "cursor": str(cursor)}
        response.headers["Link"] = f'<{request.base_url}?{urlencode(query)}>; rel="next"'
    return response


def tagged(body: Mapping[str, Any], status: int = 200, *, moving: Collection[str] = ()) -> Response:
    """Return an answer with the tag of the settings that it shows, for a change that names it (If-Match).

    Args:
        moving: Members that change by themselves, and are no part of the settings.
    """
    response = answer(body, status)
    response.set_etag(version_of(body, moving=moving))
    return response


def from_bytes(body: bytes, status: int = 200) -> Response:
    """Return a JSON answer that is encoded already."""
    return Response(body, status, mimetype="application/json")
