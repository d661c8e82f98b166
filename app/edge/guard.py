"""Who may come in: the Host that was asked for, the origin of a change, the key or session, and the scope.

Every view says with `allow` what it needs, and a test holds that none forgets. Called by the unit of work before a
view runs, inside its transaction, so that a role taken away counts at once.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.edge.context import db, note_now, now
from app.edge.limits import Limiter
from app.identity.rules import Principal
from app.identity.service import open_by_key
from app.kernel.errors import Forbidden, Malformed, TooMany, Unauthenticated

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC: Final = "public"
SIGNED_IN: Final = "signed in"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class UnknownHost(Malformed):
    """This service does not answer to that host name."""


class ForeignOrigin(Forbidden):
    """A change must come from this site's own pages."""


class MissingScope(Forbidden):
    """The key or role does not allow this."""


class NeedsKey(Unauthenticated):
    """Send `Authorization: Bearer` with an API key."""


class RateExceeded(TooMany):
    """This key has made too many calls in this minute."""


def allow(scope: str, *, by_session: bool = False, by_loopback: bool = False) -> Callable[[View], View]:
    """Declare what a view needs: PUBLIC, SIGNED_IN, or a permission.

    Args:
        by_session: An API call that a signed-in person's page may make too.
        by_loopback: A call that a program on this machine may make without a key.
    """

    def declare(view: View) -> View:
        # Notes on the function, read by admit, the description of the API and the tests.
        vars(view).update(needs=scope, by_session=by_session, by_loopback=by_loopback)
        return view

    return declare


def check_host() -> None:
    """Refuse a request for a host name that is not ours.

    Raises:
        UnknownHost: the Host header names another host, or none.
    """
    try:
        name = urlsplit(f"//{request.host}").hostname
    except ValueError:
        name = None
    if name is None or name not in current_app.config["HOSTS"]:
        raise UnknownHost


def check_origin() -> None:
    """Refuse a change that another site's page sent with somebody's cookie.

    Browsers say where a request comes from (Fetch Metadata); on plain http within a network they do not, and the
    Origin header has to match. A request that says neither is refused.

    Raises:
        ForeignOrigin: it comes from elsewhere.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    own = request.headers.get("Origin") == request.host_url.rstrip("/")
    if site not in {"same-origin", "none"} if site is not None else not own:
        raise ForeignOrigin


def admit() -> Response | None:
    """Let the request in to its view, or return where to go instead.

    Raises:
        NeedsKey, BadKey, MissingScope, RateExceeded, ForeignOrigin.
    """
    view: Any = current_app.view_functions[str(request.endpoint)]
    needs = view.needs  # a test holds that every view declares it
    api = request.path.startswith("/api/")
    if needs == PUBLIC:
        if not api:
            check_origin()
        return None
    if view.by_loopback and _is_from_here():
        return None
    found = _by_key() if api else None
    if found is None and (not api or view.by_session):
        if api and not request.cookies:
            # A program that forgot its key, not a page of another site.
            raise NeedsKey
        check_origin()
        found = current_user.principal if current_user.is_authenticated else None
    if found is None:
        if api:
            raise NeedsKey
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined,no-any-return]  # Flask-Login adds it, untyped
    if needs != SIGNED_IN and not found.may(needs):
        raise MissingScope(f"This needs the scope {needs}." if api else "Your role does not allow this.")
    g.principal = found
    return None


def _is_from_here() -> bool:
    """Say whether a program on this machine asks, and nobody through a proxy on it."""
    forwarded = any(request.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "Authorization"))
    return request.remote_addr in {"127.0.0.1", "::1"} and not forwarded


def read_bearer(header: str | None) -> str | None:
    """Return the key that an Authorization header names; None without a header.

    Raises:
        NeedsKey: it is of another scheme.
    """
    if header is None:
        return None
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NeedsKey
    return text.strip()


def _by_key() -> Principal | None:
    text = read_bearer(request.headers.get("Authorization"))
    if text is None:
        return None
    opened = open_by_key(session=db(), text=text)
    note_now(opened.at)
    found = opened.principal
    if not g.get("counted"):
        g.counted = True
        limiter: Limiter = current_app.extensions["limiter"]
        g.quota = limiter.count(str(found.actor.id), now())
        if g.quota.wait_seconds:
            raise RateExceeded(retry_after_seconds=g.quota.wait_seconds)
    return found
