"""Where a browser goes next: after a change, and after signing in."""

from typing import Any

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response


def to(endpoint: str, **values: Any) -> Response:
    """Send the browser on with GET after a change."""
    return redirect(url_for(endpoint, **values), code=303)


def own_path(text: str) -> str:
    """Return a path of this site to go on to, or the home page.

    Never the text itself: it is matched against our own pages and the URL is built anew, so that no trick of
    slashes, tabs or backslashes leads elsewhere.
    """
    try:
        endpoint, values = current_app.create_url_adapter(request).match(text, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return url_for("home.show")
    return url_for(endpoint, **values) if not endpoint.startswith(("login.", "static")) else url_for("home.show")
