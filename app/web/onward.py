"""Where a browser goes next: after a change, and after signing in.

Somebody who was sent to the sign-in page may come in by a link instead, opened in the same browser. So the page that
she wanted is remembered there for an hour, in a cookie that only the sign-in pages get and that holds a path alone.
"""

from typing import Any, Final

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

REMEMBERED: Final = "proofdesk-next"
_REMEMBER_SECONDS: Final = 3_600
_LONGEST_PATH: Final = 1_000


def to(endpoint: str, **values: Any) -> Response:
    """Send the browser on with GET after a change."""
    return redirect(url_for(endpoint, **values), code=303)


def own_path(text: str) -> str:
    """Return a path of this site to go on to, or the home page.

    Never the text itself: it is matched against our own pages and the URL is built anew, so that no trick of
    slashes, tabs or backslashes leads elsewhere.
    """
    try:
        endpoint, values = current_app.create_url_adapter(request).match(text, method="GET")  # type: ignore[union-attr]  # None only without a request
    except HTTPException:
        return url_for("home.show")
    return url_for(endpoint, **values) if not endpoint.startswith(("login.", "static")) else url_for("home.show")


def remember(response: Response, wanted: str) -> None:
    """Let the browser remember where to go after signing in; a path that leads nowhere of ours is not kept."""
    path = own_path(wanted)
    if wanted and path != url_for("home.show"):
        _set(response, path, _REMEMBER_SECONDS)


def remembered_path() -> str:
    """Return the path that the browser remembers, as one of our own pages; without any, the home page."""
    return own_path(request.cookies.get(REMEMBERED, "")[:_LONGEST_PATH])


def forget(response: Response) -> None:
    """Let the browser forget where it wanted to go."""
    if REMEMBERED in request.cookies:
        _set(response, "", 0)


def _set(response: Response, path: str, seconds: int) -> None:
    secure: bool = current_app.config["SECURE"]
    response.set_cookie(REMEMBERED, path, max_age=seconds, path="/login", secure=secure, httponly=True, samesite="Lax")
