"""/admin/people, /admin/skills: who may do what, and who can do what.

For whoever runs queues; roles are changed only by whoever administers.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import lock_settings
from app.identity.queries import MembershipRow, get_membership, list_groups, list_members, list_vendors
from app.identity.rules import ROLES
from app.identity.service import AccessChange, change_access, create_person
from app.kernel.errors import NotFound
from app.kernel.ids import parse, show
from app.queue.queries import list_queue_settings
from app.reports.doctor import diagnose_person
from app.reports.floor import count_needs, list_in_hand, list_presences
from app.web.diagnosis import why_person
from app.web.onward import to
from app.web.settings_forms import refused, seen, ticked, typed, unknown_fields, words

page = Blueprint("access", __name__)
PEOPLE_AT_MOST: Final = 500
_FIELDS: Final = ("roles", "vendor", "skills", "queues", "capacity")


class NoSuchSkill(NotFound):
    """Nobody has that skill and no item needs it."""


@page.get("/admin/people")
@allow("run_queues")
def show_people() -> str:
    """Show everybody with what she may work, and to admins the form for one more."""
    return _people({"email": "", "name": "", "roles": ["reviewer"]}, {})


def _people(values: dict[str, Any], faults: dict[str, str]) -> str:
    away = list_presences(db(), workspace_id=workspace_id())
    hands: dict[object, int] = {}
    for hand in list_in_hand(db(), workspace_id=workspace_id(), now=now()):
        if hand.how != "given":
            hands[hand.person_id] = hands.get(hand.person_id, 0) + 1
    return render_template(
        "admin/people.html",
        people=[
            {
                "name": m.person.name,
                "url": url_for("access.show_person", person_id=show("person", m.person.id)),
                "email": m.person.email,
                "roles": m.roles,
                "skills": m.all_skills,
                "queues": m.all_queues,
                "groups": [g.name for g in m.groups],
                "in_hand": hands.get(m.person.id, 0),
                "capacity": m.capacity,
                "enabled": m.enabled,
                "paused": m.person.id in away and away[m.person.id].paused_at is not None,
            }
            for m in _members()
        ],
        may_add=principal().may("admin"),
        roles=ROLES,
        values=values,
        faults=faults,
        problems=unknown_fields(faults, ("email", "name", "roles")),
    )


@page.post("/admin/people")
@allow("admin")
def add_person() -> Response | tuple[str, int]:
    """Give somebody a place in this workspace, and go on to what she may work."""
    values: dict[str, Any] = {"email": typed("email"), "name": typed("name"), "roles": ticked("roles")}
    made: list[UUID] = []

    def add() -> None:
        terms: dict[str, Any] = {"now": now(), "actor": principal().actor, "workspace_id": workspace_id()}
        made.append(
            create_person(db(), email=values["email"], name=values["name"] or None, roles=values["roles"], **terms)
        )

    faults = refused(add)
    if faults is not None:
        return _people(values, faults), 422
    return to("access.show_person", person_id=show("person", made[0]), outcome="joined")


def _members() -> list[MembershipRow]:
    return list_members(db(), workspace_id=workspace_id(), limit=PEOPLE_AT_MOST)


@page.get("/admin/people/<person_id>")
@allow("run_queues")
def show_person(person_id: str) -> str:
    """Show one person's access as a form."""
    member = get_membership(db(), workspace_id=workspace_id(), person_id=parse("person", person_id))
    return _person(member, _values(member), {})


def _values(member: MembershipRow) -> dict[str, Any]:
    return {
        "roles": list(member.roles),
        "skills": list(member.skills),
        "queues": list(member.queues),
        "capacity": "" if member.capacity is None else str(member.capacity),
        "vendor": member.vendor or "",
    }


def _person(member: MembershipRow, values: dict[str, Any], faults: dict[str, str]) -> str:
    return render_template(
        "admin/person.html",
        person={"name": member.person.name, "email": member.person.email, "enabled": member.enabled},
        values=values,
        seen=seen(_values(member), faults),
        roles=ROLES,
        may_roles=principal().may("admin"),
        vendors=sorted(list_vendors(db(), workspace_id=workspace_id())),
        skills=_known(known_skills(), values["skills"]),
        queues=_known(known_queues(), values["queues"]),
        groups=[
            {
                "name": g.name,
                "url": url_for("group_pages.show_one", group_id=show("group", g.id)),
                "skills": g.skills,
                "queues": g.queues,
            }
            for g in member.groups
        ],
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
        why=why_person(diagnose_person(db(), now=now(), workspace_id=workspace_id(), person_id=member.person.id)),
        change_url=url_for("access.change_person", person_id=show("person", member.person.id)),
    )


def known_queues() -> list[str]:
    """Return the names of the workspace's queues."""
    return [q.name for q in list_queue_settings(db(), workspace_id=workspace_id())]


def known_skills() -> list[str]:
    """Return every skill that somebody or a group has, or that an item needs."""
    groups = list_groups(db(), workspace_id=workspace_id())
    had = {skill for m in _members() for skill in m.skills} | {skill for g in groups for skill in g.skills}
    return sorted(had | set(count_needs(db(), workspace_id=workspace_id())))


def _known(known: Iterable[str], chosen: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*known, *chosen]))


@page.post("/admin/people/<person_id>")
@allow("run_queues")
def change_person(person_id: str) -> Response | tuple[str, int]:
    """Change one person's access; roles are changed only by whoever administers, and left alone otherwise."""
    lock_settings(workspace_id())
    member = get_membership(db(), workspace_id=workspace_id(), person_id=parse("person", person_id))
    capacity = typed("capacity")
    vendor = typed("vendor") if principal().may("admin") else member.vendor or ""
    values = {
        "roles": ticked("roles") if principal().may("admin") else list(member.roles),
        "skills": words("skills"),
        "queues": words("queues"),
        "capacity": capacity,
        "vendor": vendor,
    }
    if capacity and not (capacity.isascii() and capacity.isdigit() and len(capacity) < 9):
        return _person(member, values, {"capacity": "Give a whole number, or nothing for no limit."}), 422
    change = AccessChange(
        roles=values["roles"] if principal().may("admin") else None,
        skills=words("skills"),
        queues=words("queues"),
        capacity=int(capacity) if capacity else None,
        unlimited=not capacity,
        vendor=vendor or None,
        own=not vendor,
    )
    faults = refused(lambda: _change(member, change), over=_values(member))
    if faults is not None:
        return _person(member, values, faults), 422
    return to("access.show_person", person_id=person_id, outcome="changed")


def _change(member: MembershipRow, change: AccessChange) -> None:
    change_access(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=member.person.id,
        change=change,
    )


@page.get("/admin/skills")
@allow("run_queues")
def show_skills() -> str:
    """Show every skill: who has it, and how many waiting items need it."""
    needs = count_needs(db(), workspace_id=workspace_id())
    members, groups = _members(), list_groups(db(), workspace_id=workspace_id())
    return render_template(
        "admin/skills.html",
        skills=[
            {
                "name": skill,
                "url": url_for("access.show_skill", skill=skill),
                "people": [m.person.name for m in members if m.enabled and skill in m.all_skills],
                "groups": [g.name for g in groups if skill in g.skills],
                "needed": needs.get(skill, 0),
            }
            for skill in known_skills()
        ],
        add_url=url_for("access.show_skill"),
    )


@page.get("/admin/skills/one")
@allow("run_queues")
def show_skill() -> str | Response:
    """Show who has one skill, as a form; a skill that is new begins with nobody."""
    skill = request.args.get("skill", "").strip()
    return _skill(skill, {}) if skill else to("access.show_skills")


def _skill(skill: str, faults: dict[str, str]) -> str:
    return render_template(
        "admin/skill.html",
        skill=skill,
        needed=count_needs(db(), workspace_id=workspace_id()).get(skill, 0),
        people=[
            {
                "id": show("person", m.person.id),
                "name": m.person.name,
                "has": skill in m.skills,
                "through": [g.name for g in m.groups if skill in g.skills],
            }
            for m in _members()
            if m.enabled
        ],
        problems=list(faults.values()),
        seen=seen(_holders(skill), faults),
        change_url=url_for("access.change_skill", skill=skill),
    )


def _holders(skill: str) -> dict[str, Any]:
    """Return who has a skill herself, as the form shows it."""
    return {"people": [show("person", m.person.id) for m in _members() if m.enabled and skill in m.skills]}


@page.post("/admin/skills/one")
@allow("run_queues")
def change_skill() -> Response | tuple[str, int]:
    """Say who has a skill herself; what groups give stays as it is."""
    skill = request.args.get("skill", "").strip()
    if not skill:
        raise NoSuchSkill
    lock_settings(workspace_id())
    chosen = set(ticked("people"))

    def change() -> None:
        for member in _members():
            wanted = show("person", member.person.id) in chosen
            if member.enabled and wanted != (skill in member.skills):
                others = [one for one in member.skills if one != skill]
                _change(member, AccessChange(skills=[*others, skill] if wanted else others))

    faults = refused(change, over=_holders(skill))
    if faults is not None:
        return _skill(skill, faults), 422
    return to("access.show_skills", outcome="changed")
