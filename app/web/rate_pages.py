"""/admin/rates: what work costs and what money is worth, and whose time has no price yet. For whoever keeps rates.

Rates are only ever added; a mistake is mended by a further one, and what is posted keeps the price it had.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.adjustments.service import price_anew
from app.costs.models import RateCard
from app.costs.queries import list_closes, list_rate_cards, page_exchange_rates, rate_of
from app.costs.rules import RateUnit, hourly_cost, piece_cost
from app.costs.service import NewRate, close_period, record_exchange_rates, record_rate
from app.edge.context import db, now, principal, workspace_id
from app.edge.context import person_id as asking_person
from app.edge.guard import allow
from app.identity.queries import get_membership, list_vendors
from app.identity.rules import ROLES
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import parse, show
from app.kernel.money import parse_amount, parse_factor
from app.reports.people import names_of_people
from app.reports.unpriced import list_unpriced, list_unpriced_models
from app.web.onward import to
from app.web.settings_forms import BadEntry, lines, refused, ticked, typed, unknown_fields
from app.web.zones import NO_DAY, my_midnight, my_zone, read_day

page = Blueprint("rate_pages", __name__)
UNITS: Final = {"hour": "an hour", "minute": "a minute", "item": "an item"}
_FIELDS: Final = ("until", "sure", "whom", "currency", "unit", "base", "burden", "overhead", "valid_from", "valid_to")
_EXCHANGE_FIELDS: Final = ("exchange_base", "date", "source", "rates")
_EXCHANGES_SHOWN: Final = 50
_EXCHANGES_AT_MOST: Final = 200


@page.get("/admin/rates")
@allow("rates")
def show_all() -> str:
    """Show every rate, whose time has none, and the forms for one more."""
    return _show({"whom": request.args.get("whom", "")}, {}, {})


def _show(values: dict[str, str], faults: dict[str, str], exchange: dict[str, str]) -> str:
    """Show the page; what a form has no value for begins as the newest rate has it, from today on."""
    cards = list_rate_cards(db(), workspace_id=workspace_id())
    today = now().astimezone(my_zone()).date().isoformat()
    currency = cards[0].currency if cards else "EUR"
    usual = {"currency": currency, "unit": "hour", "base": "", "burden": "1", "overhead": "0", "valid_from": today}
    names = names_of_people(db(), workspace_id=workspace_id())
    vendors = sorted(list_vendors(db(), workspace_id=workspace_id()))
    exchanges = page_exchange_rates(db(), workspace_id=workspace_id(), limit=_EXCHANGES_SHOWN, cursor=None)
    return render_template(
        "admin/rates.html",
        cards=[_card(one, names) for one in cards],
        unpriced=[
            {
                "name": one.name,
                "seconds": one.ms / 1_000,
                "first": one.first,
                "last": one.last,
                "url": url_for("rate_pages.show_all", whom=show("person", one.person_id)) + "#new",
                "own": one.person_id == asking_person(),
                "price_url": url_for("rate_pages.price", person_id=show("person", one.person_id)),
            }
            for one in list_unpriced(db(), workspace_id=workspace_id())
        ],
        unpriced_models=list_unpriced_models(db(), workspace_id=workspace_id()),
        closes=list_closes(db(), workspace_id=workspace_id()),
        exchanges=exchanges.rows,
        more_exchanges=exchanges.has_more,
        whom=[
            *({"id": f"role:{role}", "name": f"All with the role {role}"} for role in ROLES),
            *({"id": f"vendor:{name}", "name": f"All of {name}"} for name in vendors),
            *({"id": id_, "name": name} for id_, name in sorted(names.items(), key=lambda pair: pair[1].casefold())),
        ],
        units=UNITS,
        values=usual | values,
        exchange={"base": currency, "date": today, **exchange},
        faults=faults,
        problems=unknown_fields(faults, (*_FIELDS, *_EXCHANGE_FIELDS)),
    )


def _card(card: RateCard, names: dict[str, str]) -> dict[str, Any]:
    rate = rate_of(card)
    ended = card.valid_to is not None and card.valid_to <= now()
    return {
        "whom": _whom(card, names),
        "currency": card.currency,
        "unit": UNITS[card.unit],
        "base": _plain(card.base),
        "burden": _plain(card.burden),
        "overhead": _plain(card.overhead),
        "hourly": _plain(hourly_cost(rate)),
        "piece": None if (piece := piece_cost(rate)) is None else _plain(piece),
        "valid_from": card.valid_from,
        "valid_to": card.valid_to,
        "recorded_at": card.recorded_at,
        "state": "ended" if ended else "begins" if card.valid_from > now() else "holds",
    }


def _whom(card: RateCard, names: dict[str, str]) -> str:
    if card.person_id is not None:
        return names.get(show("person", card.person_id), "Somebody who has left")
    if card.vendor is not None:
        return f"All of {card.vendor}"
    return "Everybody" if card.role is None else f"All with the role {card.role}"


def _plain(amount: Decimal) -> str:
    """Return an amount without the zeros that end it, but with two places at least."""
    text = f"{amount.normalize():f}"
    whole, _, places = text.partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


@page.post("/admin/rates")
@allow("rates")
def add() -> Response | tuple[str, int]:
    """Record a rate: it prices what is posted from now on."""
    values = {name: typed(name) for name in _FIELDS}

    def keep() -> None:
        record_rate(db(), actor=principal().actor, workspace_id=workspace_id(), new=_read(values))

    faults = refused(keep)
    if faults is not None:
        # A rate's own rules say "person" where this form says for whom it is.
        named = {"whom" if name in {"person", "vendor", "role"} else name: text for name, text in faults.items()}
        return _show(values, named, {}), 422
    return to("rate_pages.show_all", outcome="rate_kept")


def _read(values: dict[str, str]) -> NewRate:
    """Return the rate that a form describes.

    Raises:
        BadEntry: some of it cannot be read; the faults say what.
        NoSuchPerson: it is for somebody who does not belong to the workspace.
    """
    faults: list[Fault] = []
    amounts = {name: _amount(name, values[name], faults) for name in ("base", "burden", "overhead")}
    valid_from = _day("valid_from", values["valid_from"], faults)
    valid_to = _day("valid_to", values["valid_to"], faults) if values["valid_to"] else None
    if values["unit"] not in UNITS:
        faults.append(Fault("/unit", "Choose one of the list."))
    if faults or valid_from is None:
        raise BadEntry(faults=faults)
    kind, _, name = values["whom"].partition(":")
    person_id = None
    if kind not in {"", "role", "vendor"}:
        person_id = parse("person", values["whom"])
        get_membership(db(), workspace_id=workspace_id(), person_id=person_id)
    return NewRate(
        person_id=person_id,
        role=name if kind == "role" else None,
        vendor=name if kind == "vendor" else None,
        currency=values["currency"].upper(),
        unit=cast(RateUnit, values["unit"]),
        **amounts,
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _amount(name: str, text: str, faults: list[Fault]) -> Decimal:
    try:
        return parse_amount(text)
    except Invalid:
        faults.append(Fault(f"/{name}", "Give an amount such as 30 or 30.25."))
        return Decimal(0)


def _day(name: str, text: str, faults: list[Fault]) -> datetime | None:
    """Return the instant at which a day begins for the reader."""
    begins = my_midnight(text)
    if begins is None:
        faults.append(Fault(f"/{name}", NO_DAY))
    return begins


@page.post("/admin/rates/unpriced/<person_id>")
@allow("rates")
def price(person_id: str) -> Response | tuple[str, int]:
    """Price somebody's unpriced time by the rates that are known now."""

    def change() -> None:
        terms: dict[str, Any] = {"now": now(), "actor": principal().actor, "workspace_id": workspace_id()}
        price_anew(db(), person_id=parse("person", person_id), by=asking_person(), **terms)

    faults = refused(change)
    if faults is not None:
        return _show({}, faults, {}), 409
    return to("rate_pages.show_all", outcome="priced_anew")


@page.post("/admin/rates/close")
@allow("rates")
def close() -> Response | tuple[str, int]:
    """Close the books up to the start of a day."""

    def change() -> None:
        faults: list[Fault] = []
        until = _day("until", typed("until"), faults)
        if not ticked("sure"):
            faults.append(Fault("/sure", "Say that you know: it is never opened again."))
        if faults or until is None:
            raise BadEntry(faults=faults)
        close_period(db(), actor=principal().actor, workspace_id=workspace_id(), until=until)

    faults = refused(change)
    if faults is not None:
        return _show({"until": typed("until")}, faults, {}), 422
    return to("rate_pages.show_all", outcome="closed")


@page.post("/admin/rates/exchange")
@allow("rates")
def add_exchange() -> Response | tuple[str, int]:
    """Record what one currency bought of others on a day."""
    values = {name: typed(name) for name in ("exchange_base", "date", "source")}
    listed = lines("rates")

    def keep() -> None:
        rates, on = _read_exchange(values, listed)
        record_exchange_rates(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            from_currency=values["exchange_base"].upper(),
            rates=rates,
            on=on,
            source=values["source"],
        )

    faults = refused(keep)
    if faults is not None:
        shown = {"base": values["exchange_base"], **values, "rates": "\n".join(listed)}
        named = {"exchange_base" if name == "base" else name: text for name, text in faults.items()}
        return _show({}, named, shown), 422
    return to("rate_pages.show_all", outcome="exchange_kept")


def _read_exchange(values: dict[str, str], listed: list[str]) -> tuple[dict[str, Decimal], date]:
    """Return the rates that are typed one a line, such as "USD 1.0832", and their day.

    Raises:
        BadEntry: some of it cannot be read; the faults say what.
    """
    faults: list[Fault] = []
    rates: dict[str, Decimal] = {}
    for text in listed[:_EXCHANGES_AT_MOST]:
        currency, _, rate = text.replace("=", " ").partition(" ")
        try:
            rates[currency.upper()] = parse_factor(rate.strip())
        except Invalid:
            faults.append(Fault("/rates", f"{text[:40]!r} is no line such as USD 1.0832."))
    if not listed:
        faults.append(Fault("/rates", "Give at least one line such as USD 1.0832."))
    on = read_day(values["date"])
    if on is None:
        faults.append(Fault("/date", NO_DAY))
    if faults or on is None:
        raise BadEntry(faults=faults)
    return rates, on
