"""Headers of every answer: nothing runs that is not ours, nothing is framed, nothing private is cached. And files that
somebody sent: they are saved, never opened, and have no rights should a browser open them all the same.

Answers to a key say how much of its limit is left (IETF draft-ietf-httpapi-ratelimit-headers).
"""

from typing import Final

from flask import Flask, Response, g, request

from app.edge.limits import WINDOW_SECONDS, Quota

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

_OF_FILES: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"


def to_be_saved(body: bytes, *, media_type: str, name: str) -> Response:
    """Return somebody's file to be saved under a name; an image among them may still be shown by our own pages."""
    response = Response(body, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = _OF_FILES
    return response


def install(app: Flask, *, secure: bool) -> None:
    """Add the headers to every answer of this app, errors too."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if request.endpoint != "static":
            headers.setdefault("Cache-Control", "no-store")
        quota: Quota | None = g.get("quota")
        if quota is not None and quota.limit is not None:
            headers["RateLimit-Policy"] = f'"default";q={quota.limit};w={WINDOW_SECONDS}'
            headers["RateLimit"] = f'"default";r={quota.left};t={quota.resets_in_seconds}'
        if secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
