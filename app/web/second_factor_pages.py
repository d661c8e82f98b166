"""/account/second-factor: have an authenticator's code asked for at sign-in, with codes for when it is lost.

The secret is drawn by our own code as a QR code; nothing of it leaves this installation.
"""

from datetime import timedelta
from typing import Any, Final

import segno
from flask import Blueprint, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.edge.context import db, now, person_id
from app.edge.guard import SIGNED_IN, allow
from app.identity.queries import has_second_factor, recovery_codes_left
from app.identity.rules.second_factor import address_for_app
from app.identity.service import (
    Refused,
    new_secret,
    renew_recovery_codes,
    turn_off_second_factor,
    turn_on_second_factor,
)
from app.web.onward import to
from app.web.sealed_field import open_field, seal_field
from app.web.second_factor_code import WRONG, try_code, typed_code

page = Blueprint("second_factor_pages", __name__)
_SET_UP: Final = "second factor set-up"
_SET_UP_LIFE: Final = timedelta(minutes=30)


@page.get("/account/second-factor")
@allow(SIGNED_IN)
def show() -> str:
    """Show how to turn it on, or that it is on."""
    return _page()


def _page(*, fault: str | None = None, codes: list[str] | None = None, secret: str | None = None) -> str:
    is_on = has_second_factor(db(), person_id=person_id())
    return render_template(
        "account/second_factor.html",
        is_on=is_on,
        codes=codes,
        left=recovery_codes_left(db(), person_id=person_id()) if is_on else 0,
        fault=fault,
        set_up=None if is_on else _set_up(secret or new_secret()),
        urls={
            "on": url_for("second_factor_pages.turn_on"),
            "off": url_for("second_factor_pages.turn_off"),
            "renew": url_for("second_factor_pages.renew"),
            "account": url_for("account.show"),
        },
    )


def _set_up(secret: str) -> dict[str, Any]:
    address = address_for_app(secret, email=current_user.signed_in.email)
    drawn = segno.make(address, error="m").svg_inline(scale=4, light="#fff", border=4)
    return {
        "drawing": Markup(drawn),  # noqa: S704  # drawn from an address that we made; no word of it is anybody else's
        "typed": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "sealed": seal_field(_SET_UP, secret=secret, person=person_id().hex),
    }


@page.post("/account/second-factor/on")
@allow(SIGNED_IN)
def turn_on() -> str | tuple[str, int]:
    """Turn it on when the authenticator makes the right codes; show the recovery codes this once."""
    opened = open_field(_SET_UP, request.form.get("set_up", ""), within=_SET_UP_LIFE)
    if opened is None or opened["person"] != person_id().hex:
        return _page(fault="This page was open for too long. Scan the new picture."), 422
    secret: str = opened["secret"]
    codes = turn_on_second_factor(db(), now=now(), person_id=person_id(), secret=secret, code=typed_code())
    if isinstance(codes, Refused):
        return _page(fault=WRONG, secret=secret), 422
    return _page(codes=codes)


@page.post("/account/second-factor/codes")
@allow(SIGNED_IN)
def renew() -> str | tuple[str, int]:
    """Put new recovery codes in the place of the old ones, and show them this once."""
    codes, fault, status = try_code(renew_recovery_codes, person_id=person_id())
    return _page(codes=codes) if codes is not None else (_page(fault=fault), status)


@page.post("/account/second-factor/off")
@allow(SIGNED_IN)
def turn_off() -> Response | tuple[str, int]:
    """Turn it off for somebody who shows a code."""
    passed, fault, status = try_code(turn_off_second_factor, person_id=person_id())
    return to("account.show", outcome="factor_off") if passed is not None else (_page(fault=fault), status)
