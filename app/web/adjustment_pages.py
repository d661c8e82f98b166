"""/adjustments: those of counted time that wait for a yes or a no, those that have it, and time to add.

For whoever leads; nobody settles her own. /time/claims/...: ask for one, at the page of one's own time.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.adjustments.service import NoSuchTime, OwnTime, Wish, add_time, ask, grant, refuse
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.errors import Fault
from app.kernel.ids import parse, show
from app.reports.adjusted import list_adjusted
from app.reports.long_days import LongTime, list_long_times
from app.reports.own_time import ClaimTime, find_claim_time
from app.reports.people import names_of_people
from app.web.adjustment_rows import REASON_WORDS, row_of
from app.web.durations import read_duration, write_duration, write_exactly
from app.web.onward import to
from app.web.settings_forms import BadEntry, refused, typed, unknown_fields
from app.web.zones import NO_DAY, my_midnight, my_zone

page = Blueprint("adjustment_pages", __name__)
_SHOWN: Final = 50
# What a length in a form can say.
_SHORTEST_MS: Final = 1_000


@page.get("/time/claims/<claim_id>")
@allow("review")
def show_claim(claim_id: str) -> str:
    """Show what was counted for one of my claims, and the form that says what it should be."""
    claim = _mine(claim_id)
    counted = write_duration(claim.active_ms) if claim.active_ms >= _SHORTEST_MS else ""
    return _claim(claim_id, claim, {"should_be": counted, "reason": "", "note": ""}, {})


def _mine(claim_id: str) -> ClaimTime:
    hers = {"workspace_id": workspace_id(), "person_id": person_id()}
    found = find_claim_time(db(), **hers, claim_id=parse("claim", claim_id))
    if found is None:
        raise NoSuchTime
    return found


def _claim(claim_id: str, claim: ClaimTime, values: dict[str, str], faults: dict[str, str]) -> str:
    return render_template(
        "time/claim.html",
        claim={
            "task_type": claim.task_type,
            "external_id": claim.external_id,
            "began_at": claim.began_at,
            "ended_at": claim.ended_at,
            "active": write_exactly(claim.active_ms),
            "item_url": url_for("item_page.show", item_id=show("item", claim.item_id)),
        },
        ask_url=url_for("adjustment_pages.ask_for", claim_id=claim_id),
        reasons=REASON_WORDS,
        values=values,
        faults=faults,
        problems=unknown_fields(faults, ("should_be", "reason", "note")),
    )


@page.post("/time/claims/<claim_id>")
@allow("review")
def ask_for(claim_id: str) -> Response | tuple[str, int]:
    """Say what the counted time of one of my claims should be."""
    claim = _mine(claim_id)
    values = {name: typed(name) for name in ("should_be", "reason", "note")}

    def keep() -> None:
        ask(
            db(),
            now=now(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            claim_id=parse("claim", claim_id),
            wish=Wish(_length("should_be", values["should_be"]), values["reason"], values["note"]),
        )

    faults = _refused(keep, "should_be")
    if faults:
        return _claim(claim_id, claim, values, faults), 422
    return to("time_page.show", day=_day_of(claim.began_at), outcome="adjustment_asked")


def _day_of(at: datetime) -> str:
    return at.astimezone(my_zone()).date().isoformat()


def _length(name: str, text: str) -> int:
    """Return the milliseconds of a length of time, "0" too.

    Raises:
        BadEntry: it is none.
    """
    found = 0 if text.strip() == "0" else read_duration(text)
    if found is None:
        raise BadEntry(faults=[Fault(f"/{name}", "Give a length such as 12 min or 1 h 30 min, or 0.")])
    return found


def _refused(change: Any, field: str) -> dict[str, str]:
    """Make a change, or return why not; what is said of the seconds stands at the form's own field."""
    faults = refused(change) or {}
    return {field if name == "seconds" else name: text for name, text in faults.items()}


@page.get("/adjustments")
@allow("oversee")
def show_all() -> str:
    """Show the adjustments that wait, and those that were settled."""
    today = now().astimezone(my_zone()).date().isoformat()
    return _show({"person": "", "day": today, "length": "", "note": ""}, {})


def _show(values: dict[str, str], faults: dict[str, str], *, about: str = "") -> str:
    waiting = list_adjusted(db(), workspace_id=workspace_id(), state="asked", limit=_SHOWN)
    before = list_adjusted(db(), workspace_id=workspace_id(), limit=_SHOWN, cursor=request.args.get("cursor") or None)
    names = names_of_people(db(), workspace_id=workspace_id())
    mine, here = show("person", person_id()), {"workspace_id": workspace_id()}
    return render_template(
        "adjustments/show.html",
        waiting=[row_of(one) for one in waiting.rows],
        more_waiting=waiting.has_more,
        settled=[row_of(one) for one in before.rows if one.row.state != "asked"],
        next_url=url_for("adjustment_pages.show_all", cursor=before.next_cursor) if before.has_more else None,
        people=[
            {"id": id_, "name": name}
            for id_, name in sorted(names.items(), key=lambda pair: pair[1].casefold())
            if id_ != mine
        ],
        long_times=[_long(one) for one in list_long_times(db(), **here, now=now(), tz=my_zone().key)],
        values=values,
        about=about,
        faults=faults,
        problems=unknown_fields(faults, ("person", "day", "length", "note", "granted", "reply")),
    )


def _long(one: LongTime) -> dict[str, Any]:
    item = None if one.item_id is None else show("item", one.item_id)
    return {
        "person": one.person,
        "day": one.day,
        "time": write_exactly(one.ms),
        "item_url": None if item is None else url_for("item_page.show", item_id=item),
    }


@page.post("/adjustments/<adjustment_id>")
@allow("oversee")
def settle(adjustment_id: str) -> Response | tuple[str, int]:
    """Grant an adjustment, or refuse it with a word why."""
    grants = request.form.get("act") == "grant"
    terms: dict[str, Any] = {
        "actor": principal().actor,
        "workspace_id": workspace_id(),
        "adjustment_id": parse("adjustment", adjustment_id),
        "by": person_id(),
        "reply": typed("reply"),
    }

    def change() -> None:
        if grants:
            grant(db(), ms=_length("granted", typed("granted")), **terms)
        else:
            refuse(db(), **terms)

    faults = _refused(change, "granted")
    if faults:
        return _show({"person": "", "day": "", "length": "", "note": ""}, faults, about=adjustment_id), 422
    return to("adjustment_pages.show_all", outcome="adjustment_granted" if grants else "adjustment_refused")


@page.post("/adjustments")
@allow("oversee")
def add() -> Response | tuple[str, int]:
    """Book somebody else's time outside of items."""
    values = {name: typed(name) for name in ("person", "day", "length", "note")}

    def change() -> None:
        add_time(
            db(),
            now=now(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=_person(values["person"]),
            by=person_id(),
            at=_noon(values["day"]),
            wish=Wish(_length("length", values["length"]), "worked_elsewhere", values["note"]),
        )

    faults = _refused(change, "length")
    if faults:
        return _show(values, {"day" if name == "at" else name: text for name, text in faults.items()}), 422
    return to("adjustment_pages.show_all", outcome="adjustment_granted")


def _person(text: str) -> UUID:
    if not text:
        raise BadEntry(faults=[Fault("/person", "Choose whose time it is.")])
    found = parse("person", text)
    if found == person_id():
        raise OwnTime
    return found


def _noon(text: str) -> datetime:
    """Return the middle of a day for the reader, or now if that is still to come.

    Raises:
        BadEntry: it is no day, or one that is to come.
    """
    begins = my_midnight(text)
    if begins is None:
        raise BadEntry(faults=[Fault("/day", NO_DAY)])
    if begins > now():
        raise BadEntry(faults=[Fault("/day", "That day is still to come.")])
    return min(begins + timedelta(hours=12), now())
