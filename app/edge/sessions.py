"""Signed-in people: Flask-Login over our own session rows.

The cookie holds nothing but a random token; whether it still opens anything is asked of the database at every
request. Flask-Login's own cookies (session, remember) are not used, because they cannot be revoked.
"""

from dataclasses import dataclass

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_login import LoginManager, UserMixin
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, note_now, now
from app.identity.rules import Principal
from app.identity.service import NewSession, SignedIn, find_session, touch_session


def cookie_name(*, secure: bool) -> str:
    """Return the cookie's name; the prefix makes browsers insist on https, no domain, and the whole site."""
    return "__Host-proofdesk" if secure else "proofdesk"


@dataclass(frozen=True)
class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The person whom a session signs in."""

    signed_in: SignedIn

    @property
    def principal(self) -> Principal:
        """Return who that is to the doors."""
        return self.signed_in.principal

    def get_id(self) -> str:
        """Return the session's id: the session, not the person, is what can be revoked."""
        return str(self.signed_in.session_id)


def set_cookie(response: AnyResponse, started: NewSession) -> None:
    """Give a browser the token of a session that just began."""
    secure: bool = current_app.config["SECURE"]
    response.set_cookie(
        cookie_name(secure=secure),
        started.token,
        expires=started.expires_at,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def clear_cookie(response: AnyResponse) -> None:
    """Take the token back and let the browser forget what it cached."""
    secure: bool = current_app.config["SECURE"]
    response.delete_cookie(cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


def _load(_request: object) -> Visitor | None:
    # An error may be shown before a unit of work began, or after it ended.
    if "session" not in g:
        return None
    token = request.cookies.get(cookie_name(secure=current_app.config["SECURE"]))
    if not token:
        return None
    found = find_session(session=db(), token=token)
    if found is None:
        return None
    note_now(found.at)
    if not found.seen_lately:
        touch_session(session=db(), now=now(), session_id=found.session_id)
    return Visitor(found)


def _to_login() -> Response:
    """Send somebody to the sign-in page; afterwards she comes back to the page she asked for."""
    wanted = request.path if request.method == "GET" and request.path != "/" else None
    return redirect(url_for("login.show", next=wanted))  # type: ignore[return-value]  # Werkzeug's and Flask's Response


def install(app: Flask) -> None:
    """Let Flask-Login find people by our cookie."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(_load)
    manager.unauthorized_handler(_to_login)
