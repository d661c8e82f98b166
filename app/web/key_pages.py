"""/admin/keys: how programs get in. For whoever administers.

A key is shown once, on the page that answers its making.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.identity.queries import KeyRow, list_keys, list_members
from app.identity.rules import permissions_of_roles
from app.identity.service import NewKey, NotAMember, create_key, revoke_key
from app.kernel.errors import Fault
from app.kernel.ids import NoSuchId, parse, show
from app.web.access import PEOPLE_AT_MOST
from app.web.onward import to
from app.web.settings_forms import refused, ticked, typed, unknown_fields

page = Blueprint("key_pages", __name__)
_FIELDS: Final = ("name", "scopes", "person", "days")
_PAGE: Final = 100
# What each scope lets a program do, in the words of the people who hand keys out.
_SCOPES: Final[Mapping[str, str]] = {
    "submit": "submit: send outputs, take them back, report what became of them",
    "read": "read: outputs with their content and decisions, the feed, queues",
    "review": "review: judge for the person below",
    "reports": "reports: costs",
    "audit": "audit: the trail and the log of deliveries",
    "admin": "admin: everything that this set-up does",
    "metrics": "metrics: figures for a monitoring system",
}
_USUAL: Final[Mapping[str, Any]] = {"name": "", "scopes": ["submit", "read"], "person": "", "days": "90"}
LIVES: Final[Mapping[str, str]] = {"30": "30 days", "90": "90 days", "365": "a year", "": "for good"}


@page.get("/admin/keys")
@allow("admin")
def show_all() -> str:
    """Show the keys, the oldest first, with the form for one more."""
    return _page(_USUAL, {})


def _page(values: Mapping[str, Any], faults: dict[str, str], made: NewKey | None = None) -> str:
    found = list_keys(db(), workspace_id=workspace_id(), limit=_PAGE, cursor=request.args.get("cursor"))
    members = list_members(db(), workspace_id=workspace_id(), limit=PEOPLE_AT_MOST)
    names = {m.person.id: m.person.name for m in members}
    reviewers = [m.person for m in members if m.enabled and "review" in permissions_of_roles(m.roles)]
    return render_template(
        "admin/keys.html",
        keys=[_row(key, names) for key in found.rows],
        next_url=url_for("key_pages.show_all", cursor=found.next_cursor) if found.has_more else None,
        made=None if made is None else {"text": made.text, "prefix": made.prefix},
        base_url=current_app.config["BASE_URL"],
        values=values,
        scopes=[{"id": scope, "name": says} for scope, says in _SCOPES.items()],
        people=[{"id": show("person", person.id), "name": person.name} for person in reviewers],
        lives=LIVES,
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
    )


def _row(key: KeyRow, names: Mapping[UUID, str]) -> dict[str, Any]:
    state = "revoked" if key.revoked_at else "expired" if key.expires_at and key.expires_at <= now() else "works"
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "person": None if key.person_id is None else names.get(key.person_id, "somebody who has left"),
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "state": state,
        "revoke_url": url_for("key_pages.revoke", key_id=show("key", key.id)) if state == "works" else None,
    }


@page.post("/admin/keys")
@allow("admin")
def add() -> str | tuple[str, int]:
    """Make a key, and show it this once."""
    values = {"name": typed("name"), "scopes": ticked("scopes"), "person": typed("person"), "days": typed("days")}
    made: list[NewKey] = []
    faults = {} if values["days"] in LIVES else {"days": "Choose how long it lasts."}
    faults = faults or refused(lambda: made.append(_make(values))) or {}
    return (_page(values, faults), 422) if faults else _page(_USUAL, {}, made[0])


def _make(values: Mapping[str, Any]) -> NewKey:
    try:
        person_id = parse("person", values["person"]) if values["person"] else None
    except NoSuchId as error:
        raise NotAMember(faults=[Fault("/person", "is nobody of this workspace")]) from error
    return create_key(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        scopes=values["scopes"],
        name=values["name"],
        person_id=person_id,
        expires_at=now() + timedelta(days=int(values["days"])) if values["days"] else None,
    )


@page.post("/admin/keys/<key_id>/revoke")
@allow("admin")
def revoke(key_id: str) -> Response:
    """Revoke a key; it stops working with the next call."""
    revoke_key(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), key_id=parse("key", key_id))
    return to("key_pages.show_all", outcome="revoked")
