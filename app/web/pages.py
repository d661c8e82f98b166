"""Register the pages and give every template what the frame around it needs. Called by the factory."""

from typing import Any, Final

from flask import Flask, g, request, url_for
from flask_login import current_user

from app.edge.context import db, now
from app.identity.queries import find_workspace
from app.kernel.ids import show
from app.web import (
    access,
    account,
    adjustment_pages,
    calendar_pages,
    chat_hook_pages,
    costs,
    delivery_pages,
    desk_acts,
    desk_keys,
    docs_pages,
    floor,
    form_changes,
    group_pages,
    home,
    item_acts,
    item_list_page,
    item_page,
    key_pages,
    ledger_page,
    links,
    login,
    queue_pages,
    queue_settings,
    rate_pages,
    review,
    second_factor_pages,
    selection,
    shown_files,
    task_type_pages,
    time_page,
    untrusted,
    zones,
)
from app.web.undoable import undoable

# Where a link leads, its label, and the permissions of which one is needed.
_NAV: Final[tuple[tuple[str, str, frozenset[str]], ...]] = (
    ("home.show", "Home", frozenset()),
    ("review.show", "Desk", frozenset({"review"})),
    ("queue_pages.show_all", "Queues", frozenset({"review", "queues", "run_queues"})),
    ("item_list_page.show", "Items", frozenset({"review", "queues", "run_queues"})),
    ("floor.show_floor", "Floor", frozenset({"oversee"})),
    ("adjustment_pages.show_all", "Adjustments", frozenset({"oversee"})),
    ("costs.show", "Costs", frozenset({"reports"})),
    ("rate_pages.show_all", "Rates", frozenset({"rates"})),
    ("time_page.show", "My time", frozenset({"review"})),
    ("queue_settings.show_all", "Set-up", frozenset({"run_queues"})),
    ("account.show", "Account", frozenset()),
)
# Everybody's pages, and those of the set-up, which stand below its link.
_PAGES: Final = (
    *(account, adjustment_pages, costs, desk_acts, desk_keys, docs_pages, floor, home),
    *(item_acts, item_list_page, item_page, ledger_page, login, queue_pages, rate_pages, review, second_factor_pages),
    *(selection, shown_files, time_page),
)
_SETUP: Final = (
    *(queue_settings, calendar_pages, access, group_pages, task_type_pages),
    *(key_pages, delivery_pages, chat_hook_pages),
)
_BELOW: Final = {
    **{page.page.name: queue_settings.page.name for page in _SETUP},
    desk_keys.page.name: account.page.name,
    second_factor_pages.page.name: account.page.name,
    item_page.page.name: item_list_page.page.name,
    item_acts.page.name: item_list_page.page.name,
    ledger_page.page.name: costs.page.name,
    selection.page.name: item_list_page.page.name,
}
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
    "overturned": "Overturned.",
    "undone": "Taken back; judge it anew.",
    "too_late": "It is final and cannot be taken back any more; a lead can overturn it.",
    "paused": "Paused: nothing more is handed to you.",
    "resumed": "You are there again.",
    "assigned": "Given to that person; only she gets it now.",
    "freed": "Anybody who may can take it now.",
    "added": "Made, under the usual settings.",
    "joined": "Added. Say below what she may work.",
    "channel": "From now on that channel is told.",
    "tried": "A trial is on its way; what became of it stands below in a moment.",
    "changed": "Saved.",
    "removed": "Removed.",
    "defined": "Defined: what comes in from now on is judged by it.",
    "revoked": "Revoked: it stops working with the next call.",
    "saved": "Draft saved.",
    "password": "Your password is set; other sessions have ended.",
    "ended": "That session has ended.",
    "factor_off": "Turned off: no code is asked for any more.",
    "adjustment_asked": "A lead will look at it; what came of it stands below.",
    "adjustment_granted": "Booked, beside what was measured.",
    "adjustment_refused": "Refused; she reads why on the page of her time.",
    "priced_anew": "Priced: each line was taken back and put in again with its price.",
    "closed": "Closed: what is posted from now on belongs to the open period.",
    "rate_kept": "Recorded: it prices what is posted from now on.",
    "exchange_kept": "Recorded: reports in one currency go by it.",
    "view_saved": "Saved; you find it below.",
    "view_removed": "Removed.",
    "all_undone": "Taken back; they are kept for you.",
    "partly_undone": "Some were final already; the others are taken back and kept for you.",
    "keys": "Kept: these are your keys from now on.",
    "told": "Kept: from now on you are told like this.",
}


def install(app: Flask) -> None:
    """Add every page to the app."""
    untrusted.add_to(app.jinja_env)
    links.add_to(app.jinja_env)
    form_changes.add_to(app.jinja_env)
    zones.add_to(app.jinja_env)
    for page in (*_PAGES, *_SETUP):
        app.register_blueprint(page.page)
    app.context_processor(_frame)
    app.jinja_env.globals["may_administer"] = _may_administer


def _may_administer() -> bool:
    return bool(current_user.is_authenticated and current_user.principal.may("admin"))


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
    shown = [(name, label) for name, label, needs in _NAV if not needs or any(principal.may(one) for one in needs)]
    here = _BELOW.get(request.blueprint or "", request.blueprint)
    return {
        "person_name": signed_in.name,
        "workspace_name": workspace.name,
        "logout_url": url_for("login.sign_out"),
        "zone_url": url_for("account.show", _anchor="notifications"),
        "nav": [
            {"label": label, "href": url_for(name), "current": name.partition(".")[0] == here} for name, label in shown
        ],
    }
