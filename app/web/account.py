"""/account: who I am here, my password, how I am told about work, and where I am signed in."""

from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import SIGNED_IN, allow
from app.edge.versions import lock_settings
from app.identity.queries import SessionRow, has_second_factor, list_own_sessions
from app.identity.rules import MIN_PASSWORD_LENGTH, WeakPassword
from app.identity.service import Refused, TooManyAttempts, revoke_session, set_password
from app.kernel.ids import parse
from app.kernel.ids import show as show_id
from app.notifications.queries.people import habits_of
from app.notifications.rules.habits import BadHabits
from app.notifications.service import choose_habits
from app.web import habits_form
from app.web.onward import to

page = Blueprint("account", __name__)


def _person_id() -> UUID:
    found = principal().person_id
    assert found is not None, "a session is a person's"  # noqa: S101  # held by the guard
    return found


@page.get("/account")
@allow(SIGNED_IN)
def show() -> str:
    """Show the account page."""
    return _page({})


def _page(faults: dict[str, str], telling_faults: dict[str, str] | None = None) -> str:
    signed_in = current_user.signed_in
    return render_template(
        "account/show.html",
        person={"name": signed_in.name, "email": signed_in.email, "roles": sorted(principal().roles)},
        has_password=signed_in.has_password,
        password_min_length=MIN_PASSWORD_LENGTH,
        password_url=url_for("account.set_own_password"),
        password_faults=faults,
        sessions=[_session(row, signed_in.session_id) for row in _own_sessions()],
        factor={
            "url": url_for("second_factor_pages.show"),
            "is_on": has_second_factor(db(), person_id=_person_id()),
        },
        keys_url=url_for("desk_keys.show") if principal().may("review") else None,
        telling=_telling(telling_faults),
    )


def _telling(faults: dict[str, str] | None) -> dict[str, Any]:
    return habits_form.shown(
        habits_of(db(), workspace_id=workspace_id(), person_id=_person_id()),
        kinds=habits_form.kinds_for(principal().may),
        faults=faults or {},
        typed=faults is not None,
    )


def _own_sessions() -> list[SessionRow]:
    return list_own_sessions(db(), now=now(), person_id=_person_id())


def _session(row: SessionRow, current: UUID) -> dict[str, Any]:
    return {
        "device": row.agent,
        "started_at": row.created_at,
        "seen_at": row.last_seen_at,
        "current": row.id == current,
        "revoke_url": url_for("account.end_session", session_id=show_id("session", row.id)),
    }


@page.post("/account/password")
@allow(SIGNED_IN)
def set_own_password() -> Response | tuple[str, int]:
    """Set the password; every other session of this person ends."""
    try:
        result = set_password(
            db(),
            now=now(),
            person_id=_person_id(),
            session_id=current_user.signed_in.session_id,
            new_password=request.form.get("new_password", ""),
            old_password=request.form.get("current_password"),
            address=request.remote_addr or "unknown",
        )
    except WeakPassword as error:
        return _page({"new_password": error.faults[0].detail if error.faults else error.detail}), 422
    except TooManyAttempts as error:
        return _page({"current_password": f"Too many attempts. Try again in {error.retry_after_seconds} s."}), 429
    if isinstance(result, Refused):
        return _page({"current_password": "That is not your password."}), 422
    return to("account.show", outcome="password")


@page.post("/account/notifications")
@allow(SIGNED_IN)
def choose_notifications() -> Response | tuple[str, int]:
    """Keep how I want to be told."""
    lock_settings(_person_id())
    before = habits_of(db(), workspace_id=workspace_id(), person_id=_person_id())
    habits, faults = habits_form.read(before)
    if habits is None:
        return _page({}, faults), 422
    try:
        choose_habits(
            db(),
            now=now(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=_person_id(),
            habits=habits,
        )
    except BadHabits as error:
        return _page({}, habits_form.faults_of(error)), 422
    return to("account.show", outcome="told", _anchor="notifications")


@page.post("/account/sessions/<session_id>/end")
@allow(SIGNED_IN)
def end_session(session_id: str) -> Response:
    """End one of my sessions."""
    revoke_session(
        db(),
        now=now(),
        actor=principal().actor,
        person_id=_person_id(),
        session_id=parse("session", session_id),
    )
    return to("account.show", outcome="ended")
