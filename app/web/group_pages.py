"""/admin/groups: people who share skills and queues. For whoever runs queues."""

from typing import Any, Final

from flask import Blueprint, render_template, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import lock_settings
from app.identity.models import Group
from app.identity.queries import list_group_members, list_groups, list_members
from app.identity.service import GroupTerms, change_group, create_group, delete_group, get_group
from app.kernel.ids import NoSuchId, parse, show
from app.web.access import PEOPLE_AT_MOST, known_queues, known_skills
from app.web.onward import to
from app.web.settings_forms import refused, seen, ticked, typed, unknown_fields, words

page = Blueprint("group_pages", __name__)
_FIELDS: Final = ("name", "skills", "queues", "members")


@page.get("/admin/groups")
@allow("run_queues")
def show_all() -> str:
    """Show every group: what it gives, and who is in it."""
    names = {m.person.id: m.person.name for m in list_members(db(), workspace_id=workspace_id(), limit=PEOPLE_AT_MOST)}
    return render_template(
        "admin/groups.html",
        groups=[
            {
                "name": g.name,
                "url": url_for("group_pages.show_one", group_id=show("group", g.id)),
                "skills": g.skills,
                "queues": g.queues,
                "members": sorted(names.get(p, "") for p in list_group_members(db(), group_id=g.id)),
            }
            for g in list_groups(db(), workspace_id=workspace_id())
        ],
        new_url=url_for("group_pages.show_new"),
    )


@page.get("/admin/groups/new")
@allow("run_queues")
def show_new() -> str:
    """Show the form of a new group."""
    return _form(None, {"name": "", "skills": [], "queues": [], "members": []}, {})


@page.get("/admin/groups/<group_id>")
@allow("run_queues")
def show_one(group_id: str) -> str:
    """Show a group as a form."""
    group = get_group(db(), workspace_id=workspace_id(), group_id=parse("group", group_id))
    return _form(group, _values(group), {})


def _values(group: Group) -> dict[str, Any]:
    members = [show("person", p) for p in list_group_members(db(), group_id=group.id)]
    return {"name": group.name, "skills": list(group.skills), "queues": list(group.queues), "members": members}


def _form(group: Group | None, values: dict[str, Any], faults: dict[str, str]) -> str:
    group_id = None if group is None else show("group", group.id)
    return render_template(
        "admin/group.html",
        name=None if group is None else group.name,
        values=values,
        seen=None if group is None else seen(_values(group), faults),
        skills=list(dict.fromkeys([*known_skills(), *values["skills"]])),
        queues=list(dict.fromkeys([*known_queues(), *values["queues"]])),
        people=[
            {"id": show("person", m.person.id), "name": m.person.name}
            for m in list_members(db(), workspace_id=workspace_id(), limit=PEOPLE_AT_MOST)
        ],
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
        save_url=url_for("group_pages.add") if group_id is None else url_for("group_pages.change", group_id=group_id),
        remove_url=None if group_id is None else url_for("group_pages.remove", group_id=group_id),
    )


@page.post("/admin/groups")
@allow("run_queues")
def add() -> Response | tuple[str, int]:
    """Make a group."""
    return _save(None)


@page.post("/admin/groups/<group_id>")
@allow("run_queues")
def change(group_id: str) -> Response | tuple[str, int]:
    """Change what a group gives and who is in it."""
    parsed = parse("group", group_id)
    lock_settings(parsed)
    return _save(get_group(db(), workspace_id=workspace_id(), group_id=parsed))


def _save(group: Group | None) -> Response | tuple[str, int]:
    values: dict[str, Any] = {
        "name": typed("name"),
        "skills": words("skills"),
        "queues": words("queues"),
        "members": ticked("members"),
    }
    terms: dict[str, Any] = {"now": now(), "actor": principal().actor, "workspace_id": workspace_id()}

    def keep() -> None:
        wanted = GroupTerms(
            values["name"], tuple(values["skills"]), tuple(values["queues"]), tuple(_people(values["members"]))
        )
        if group is None:
            create_group(db(), terms=wanted, **terms)
        else:
            change_group(db(), group_id=group.id, terms=wanted, **terms)

    faults = refused(keep, over=None if group is None else _values(group))
    if faults is not None:
        return _form(group, values, faults), 422
    return to("group_pages.show_all", outcome="changed")


def _people(members: list[str]) -> list[Any]:
    found = []
    for text in members:
        try:
            found.append(parse("person", text))
        except NoSuchId:
            continue
    return found


@page.post("/admin/groups/<group_id>/remove")
@allow("run_queues")
def remove(group_id: str) -> Response:
    """Take a group away; its members lose what it gave them."""
    group = get_group(db(), workspace_id=workspace_id(), group_id=parse("group", group_id))
    delete_group(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), group_id=group.id)
    return to("group_pages.show_all", outcome="removed")
