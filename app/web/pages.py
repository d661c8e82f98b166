"""Register the pages and give every template what the frame around it needs. Called by the factory."""

from typing import Any, Final

from flask import Flask, g, request, url_for
from flask_login import current_user

from app.edge.context import db, now
from app.identity.queries import find_workspace
from app.kernel.ids import show
from app.web import account, costs, desk_acts, home, item_page, login, review, untrusted
from app.web.undoable import undoable

_NAV: Final = (("home.show", "Home", None), ("review.show", "Desk", "review"), ("costs.show", "Costs", "reports"))
_OUTCOMES: Final = {
    "approved": "Approved.",
    "corrected": "Corrected.",
    "rejected": "Rejected.",
    "answered": "Answered.",
    "waiting": "Noted; somebody else has to judge it too.",
    "voted": "Noted.",
    "skipped": "Skipped.",
    "released": "Put back.",
    "held": "Kept for later; you find it on the home page.",
    "handed_over": "Given on.",
    "flagged": "Somebody else will judge it.",
    "escalated": "Passed up.",
    "undone": "Taken back; judge it anew.",
    "too_late": "It is final and cannot be taken back any more; a lead can overturn it.",
    "paused": "Paused: nothing more is handed to you.",
    "resumed": "You are there again.",
    "saved": "Draft saved.",
    "password": "Your password is set; other sessions have ended.",
    "ended": "That session has ended.",
    "told": "Kept: from now on you are told like this.",
}


def install(app: Flask) -> None:
    """Add every page to the app."""
    untrusted.add_to(app.jinja_env)
    for page in (account, costs, desk_acts, home, item_page, login, review):
        app.register_blueprint(page.page)
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    return {"shell": _shell(), "outcome": _OUTCOMES.get(request.args.get("outcome", "")), "undo": _undo()}


def _undo() -> dict[str, Any] | None:
    """Return how to take the decision back that was just made, while that goes."""
    if "undo" not in request.args or "session" not in g or not current_user.is_authenticated:
        return None
    who = current_user.principal
    return undoable(db(), now=now(), workspace_id=who.workspace_id, person_id=who.person_id, shown=request.args["undo"])


def _shell() -> dict[str, Any] | None:
    # An error page may be drawn when there is no database to ask.
    if "session" not in g or not current_user.is_authenticated:
        return None
    signed_in = current_user.signed_in
    principal = signed_in.principal
    workspace = find_workspace(db(), name_or_id=show("workspace", principal.workspace_id))
    links = [(name, label) for name, label, needs in _NAV if needs is None or principal.may(needs)]
    return {
        "person_name": signed_in.name,
        "workspace_name": workspace.name,
        "logout_url": url_for("login.sign_out"),
        "nav": [
            {"label": label, "href": url_for(name), "current": request.endpoint == name}
            for name, label in [*links, ("account.show", "Account")]
        ],
    }
