"""One request, one transaction: opened before the view, committed before the answer leaves.

The commit happens inside the dispatch, so that an error of the commit itself is answered like any other. A request
that PostgreSQL chose as the victim of a deadlock is run again as a whole, and so is one that waits for something to
happen; its body was read before it began.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from flask import Flask, Request, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_openapi3 import OpenAPI
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import strict_request
from app.edge.guard import admit, check_host
from app.edge.requests import USUALLY, StrictRequest
from app.edge.waiting import NotYet, pause, stop_waiting
from app.kernel.db import Database, lost_a_deadlock

ATTEMPTS: Final = 3


View = TypeVar("View", bound=Callable[..., Any])


def joins(together: Callable[[], ResponseReturnValue | None]) -> Callable[[View], View]:
    """Declare that many requests for a view may share a unit of work.

    Args:
        together: Answers the request, or returns None to leave it to the view in a unit of work of its own. It does
            all that `admit` does.
    """

    def declare(view: View) -> View:
        view.together = together  # type: ignore[attr-defined]  # a note on the function, read by the dispatch
        return view

    return declare


class _NoSession(SecureCookieSessionInterface):
    """No session of Flask's own. Nothing is kept in it (app/edge/sessions.py), and to make the checker of a cookie that
    is never set cost more at every call than some of our statements."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:  # noqa: ARG002  # Flask's signature
        """Return an empty one, for Flask-Login to look at."""
        return self.session_class()


class ProofdeskApp(OpenAPI):
    """The Flask app, with a unit of work around every view."""

    session_interface = _NoSession()
    request_class = StrictRequest
    database: Database

    def dispatch_request(self, *args: Any, **kwargs: Any) -> ResponseReturnValue:
        """Run the view of this request in a unit of work."""
        check_host()
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        if request.endpoint == "static" or request.method == "OPTIONS":
            return super().dispatch_request(*args, **kwargs)
        view = self.view_functions[str(request.endpoint)]
        strict_request().read_body(getattr(view, "taken", USUALLY))
        together = getattr(view, "together", None)
        if together is not None and (answer := together()) is not None:
            return self.make_response(answer)
        deadlocks = 0
        try:
            while True:
                try:
                    return self._work(*args, **kwargs)
                except NotYet:
                    pause()
                except OperationalError as error:
                    deadlocks += 1
                    if deadlocks == ATTEMPTS or not lost_a_deadlock(error):
                        raise
        finally:
            stop_waiting()

    def _work(self, *args: Any, **kwargs: Any) -> ResponseReturnValue:
        with self.admitted() as elsewhere:
            if elsewhere is not None:
                return elsewhere
            # The answer is made while the session is open: views hand over finished responses.
            return self.make_response(super().dispatch_request(*args, **kwargs))

    @contextmanager
    def admitted(self) -> Iterator[AnyResponse | None]:
        """Open a unit of work for whoever asks, keys and rights looked at anew; yield where to go instead, if anywhere.

        A view that streams opens one for each look.
        """
        with self.database.unit_of_work() as session:
            g.session = session
            g.pop("now", None)
            g.pop("_login_user", None)
            try:
                yield admit()
            finally:
                g.pop("session")
