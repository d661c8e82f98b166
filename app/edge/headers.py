"""Headers of every answer: nothing runs that is not ours, nothing is framed, nothing private is cached.

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


def install(app: Flask, *, secure: bool) -> None:
    """Add the headers to every answer of this app, errors too."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
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
