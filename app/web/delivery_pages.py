"""/admin/endpoints, /admin/deliveries: where decisions are sent, how that goes, every try, and sending again.

For whoever administers. A secret is shown once, on the page that answers its making, and never again.
"""

from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, current_app, render_template, request, url_for
from werkzeug.wrappers import Response

from app.delivery.models import Delivery, Endpoint
from app.delivery.queries import (
    Wanted,
    get_delivery,
    get_endpoint,
    list_attempts,
    list_endpoints,
    page_deliveries,
)
from app.delivery.rules.retries import PARKED, STATES
from app.delivery.service import (
    NewEndpoint,
    change_endpoint,
    register_endpoint,
    replay,
    replay_parked,
    rotate_secret,
)
from app.delivery.service.endpoints import TYPES
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.web.onward import to
from app.web.settings_forms import refused, ticked, typed, unknown_fields

page = Blueprint("delivery_pages", __name__)
_FIELDS: Final = ("url", "types")
_PAGE: Final = 50
_AT_ONCE: Final = 1_000
OVERLAP: Final = timedelta(days=1)


@page.get("/admin/endpoints")
@allow("admin")
def show_endpoints() -> str:
    """Show where decisions are sent and how that goes, with the form for one more."""
    return _endpoints({"url": "", "types": list(TYPES)}, {})


def _endpoints(values: dict[str, Any], faults: dict[str, str]) -> str:
    return render_template(
        "admin/endpoints.html",
        endpoints=[_shown(one) for one in list_endpoints(db(), workspace_id=workspace_id())],
        values=values,
        types=TYPES,
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
    )


@page.post("/admin/endpoints")
@allow("admin")
def add() -> str | tuple[str, int]:
    """Register an address, and show its secret this once."""
    url, types = typed("url"), ticked("types")
    made: list[NewEndpoint] = []
    faults = refused(
        lambda: made.append(
            register_endpoint(
                db(),
                now=now(),
                actor=principal().actor,
                workspace_id=workspace_id(),
                url=url,
                types=types,
                allow_private=current_app.config["ALLOW_PRIVATE_ENDPOINTS"],
            )
        )
    )
    return (
        _one(made[0].endpoint, secret=made[0].secret)
        if faults is None
        else (_endpoints({"url": url, "types": types}, faults), 422)
    )


@page.get("/admin/endpoints/<endpoint_id>")
@allow("admin")
def show_endpoint(endpoint_id: str) -> str:
    """Show one endpoint: how it answers, and what was handed to it lately."""
    return _one(_endpoint(endpoint_id))


def _endpoint(endpoint_id: str) -> Endpoint:
    return get_endpoint(db(), workspace_id=workspace_id(), endpoint_id=parse("endpoint", endpoint_id))


def _one(endpoint: Endpoint, *, secret: str | None = None, problem: str | None = None) -> str:
    found = page_deliveries(
        db(), workspace_id=workspace_id(), wanted=Wanted(endpoint_id=endpoint.id), cursor=None, limit=_PAGE
    )
    parked = Wanted(endpoint_id=endpoint.id, state=PARKED)
    waiting = page_deliveries(db(), workspace_id=workspace_id(), wanted=parked, cursor=None, limit=1)
    return render_template(
        "admin/endpoint.html",
        endpoint=_shown(endpoint),
        secret=secret,
        problem=problem,
        deliveries=[_row(one) for one in found.rows],
        has_parked=bool(waiting.rows),
        overlap_hours=OVERLAP // timedelta(hours=1),
    )


@page.post("/admin/endpoints/<endpoint_id>/state")
@allow("admin")
def switch(endpoint_id: str) -> Response:
    """Disable an endpoint, or enable it again."""
    change_endpoint(
        db(),
        now=now(),
        actor=principal().actor,
        endpoint=_endpoint(endpoint_id),
        url=None,
        types=None,
        enabled=typed("enabled") == "yes",
        allow_private=current_app.config["ALLOW_PRIVATE_ENDPOINTS"],
    )
    return to("delivery_pages.show_endpoint", endpoint_id=endpoint_id)


@page.post("/admin/endpoints/<endpoint_id>/secret")
@allow("admin")
def rotate(endpoint_id: str) -> str | tuple[str, int]:
    """Make a new secret, and show it this once; the old one signs too for a day."""
    endpoint = _endpoint(endpoint_id)
    made: list[NewEndpoint] = []

    faults = refused(
        lambda: made.append(rotate_secret(db(), now=now(), actor=principal().actor, endpoint=endpoint, overlap=OVERLAP))
    )
    return _one(endpoint, secret=made[0].secret) if faults is None else (_one(endpoint, problem=faults[""]), 409)


@page.post("/admin/endpoints/<endpoint_id>/replay")
@allow("admin")
def send_all_again(endpoint_id: str) -> Response | tuple[str, int]:
    """Send everything again that was given up for this endpoint, the oldest first."""
    endpoint = _endpoint(endpoint_id)
    faults = refused(
        lambda: replay_parked(
            db(),
            now=now(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            endpoint_id=endpoint.id,
            since=endpoint.created_at,
            until=now(),
            limit=_AT_ONCE,
        )
    )
    if faults is not None:
        return _one(endpoint, problem=faults[""]), 409
    return to("delivery_pages.show_endpoint", endpoint_id=endpoint_id)


@page.get("/admin/deliveries")
@allow("admin")
def show_deliveries() -> str:
    """Show what was handed over, the newest first."""
    state = request.args.get("state", "")
    wanted = Wanted(state=state if state in STATES else None)
    cursor = request.args.get("cursor") or None
    found = page_deliveries(db(), workspace_id=workspace_id(), wanted=wanted, cursor=cursor, limit=_PAGE)
    older = None
    if found.has_more:
        older = url_for("delivery_pages.show_deliveries", state=wanted.state, cursor=found.next_cursor)
    return render_template(
        "admin/deliveries.html",
        deliveries=[_row(one) for one in found.rows],
        states=STATES,
        state=wanted.state,
        older_url=older,
    )


@page.get("/admin/deliveries/<delivery_id>")
@allow("admin")
def show_delivery(delivery_id: str) -> str:
    """Show one delivery with every try."""
    return _delivery(get_delivery(db(), workspace_id=workspace_id(), delivery_id=parse("delivery", delivery_id)))


def _delivery(delivery: Delivery, problem: str | None = None) -> str:
    endpoint = get_endpoint(db(), workspace_id=workspace_id(), endpoint_id=delivery.endpoint_id)
    return render_template(
        "admin/delivery.html",
        delivery=_row(delivery),
        endpoint=_shown(endpoint),
        attempts=list_attempts(db(), delivery_id=delivery.id),
        problem=problem,
    )


@page.post("/admin/deliveries/<delivery_id>/replay")
@allow("admin")
def send_again(delivery_id: str) -> Response | tuple[str, int]:
    """Send a parked delivery again, with the same id and the same bytes."""
    wanted = parse("delivery", delivery_id)
    faults = refused(
        lambda: replay(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), delivery_id=wanted)
    )
    if faults is not None:
        return _delivery(get_delivery(db(), workspace_id=workspace_id(), delivery_id=wanted), faults[""]), 409
    return to("delivery_pages.show_delivery", delivery_id=delivery_id)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    endpoint_id = show("endpoint", endpoint.id)
    return {
        "id": endpoint_id,
        "url": endpoint.url,
        "types": endpoint.types,
        "health": endpoint.health.word(now=now(), disabled=endpoint.disabled_at is not None),
        "failures": endpoint.failures,
        "failing_since": endpoint.failing_since,
        "resting_until": endpoint.resting_until,
        "disabled_at": endpoint.disabled_at,
        "disabled_why": endpoint.disabled_why,
        "old_secret_until": endpoint.old_secret_until,
        "page": url_for("delivery_pages.show_endpoint", endpoint_id=endpoint_id),
    }


def _row(delivery: Delivery) -> dict[str, Any]:
    delivery_id = show("delivery", delivery.id)
    return {
        "id": delivery_id,
        "page": url_for("delivery_pages.show_delivery", delivery_id=delivery_id),
        "submission": show("submission", delivery.submission_id),
        "type": delivery.type,
        "state": delivery.state,
        "tries": delivery.attempts,
        "due_at": delivery.due_at,
        "next_try_at": delivery.next_attempt_at if delivery.state == "due" else None,
        "delivered_at": delivery.delivered_at,
    }
