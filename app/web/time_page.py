"""/time: what of my time was counted, day by day and item by item, with the rule, and what of it was corrected.

Nobody sees anybody else's here.
"""

from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, url_for

from app.edge.context import db, now, person_id, workspace_id
from app.edge.guard import allow
from app.kernel.ids import show as show_id
from app.reports.adjusted import list_adjusted
from app.reports.own_time import CLAIMS_AT_MOST, ClaimTime, list_claim_times, list_days
from app.web.adjustment_rows import row_of
from app.web.durations import write_exactly
from app.web.zones import asked_day, chosen_zone, midnight, zone_choices

page = Blueprint("time_page", __name__)
DAYS: Final = 28
ADJUSTMENTS: Final = 20
_OUTCOMES: Final = {
    None: "open",
    "decided": "decided",
    "voted": "judged",
    "skipped": "skipped",
    "released": "put back",
    "held": "kept for later",
    "handed_over": "given on",
    "flagged": "second opinion",
    "escalated": "passed up",
    "expired": "lease ran out",
    "timed_out": "time was up",
    "cancelled": "taken back by the program",
    "reassigned": "given to somebody else",
    "revoked": "revoked",
}


@page.get("/time")
@allow("review")
def show() -> str:
    """Show my days, and one of them item by item."""
    faults: dict[str, str] = {}
    zone = chosen_zone(faults)
    today = now().astimezone(ZoneInfo(zone)).date()
    day = asked_day("day", faults) or today
    last = max(min(day, today), date.min + timedelta(days=DAYS))
    whose = {"workspace_id": workspace_id(), "person_id": person_id()}
    first, begins, ends = (midnight(last + timedelta(days=n), ZoneInfo(zone)) for n in (1 - DAYS, 0, 1))
    days = list_days(db(), **whose, tz=zone, since=first, until=ends)
    claim_times = list_claim_times(db(), **whose, since=begins, until=ends)
    adjustments = list_adjusted(db(), workspace_id=workspace_id(), person_id=person_id(), limit=ADJUSTMENTS)
    return render_template(
        "time/show.html",
        day=last.isoformat(),
        zone=zone,
        today_url=url_for("time_page.show", tz=zone) if last != today else None,
        tz_choices=zone_choices(zone),
        faults=faults,
        days=[
            {
                "day": one.day.isoformat(),
                "url": url_for("time_page.show", day=one.day.isoformat(), tz=zone),
                "current": one.day == last,
                "active": write_exactly(one.active_ms),
                "idle": write_exactly(one.idle_ms) if one.idle_ms else None,
                "claims": one.claims,
            }
            for one in days
        ],
        claim_times=[_claim_time(one, zone) for one in claim_times],
        cut_off=CLAIMS_AT_MOST if len(claim_times) == CLAIMS_AT_MOST else None,
        adjustments=[row_of(one) for one in adjustments.rows],
        more_adjustments=adjustments.has_more,
        active=write_exactly(sum(one.active_ms for one in claim_times)),
    )


def _claim_time(one: ClaimTime, zone: str) -> dict[str, Any]:
    return {
        "task_type": one.task_type,
        "external_id": one.external_id,
        "correct_url": url_for("adjustment_pages.show_claim", claim_id=show_id("claim", one.claim_id)),
        "item_url": url_for("item_page.show", item_id=show_id("item", one.item_id)),
        "began_at": one.began_at.astimezone(ZoneInfo(zone)),
        "ended_at": one.ended_at.astimezone(ZoneInfo(zone)),
        "active": write_exactly(one.active_ms),
        "idle": write_exactly(one.idle_ms) if one.idle_ms else None,
        "outcome": _OUTCOMES.get(one.outcome, one.outcome),
    }
