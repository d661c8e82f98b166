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
from app.identity.rules.second_factor import address_for_app
from app.identity.service import (
    Refused,
    TooManyAttempts,
    has_second_factor,
    new_secret,
    recovery_codes_left,
    renew_recovery_codes,
    turn_off_second_factor,
    turn_on_second_factor,
)
from app.web.onward import to
from app.web.sealed_field import open_field, seal_field

page = Blueprint("second_factor_pages", __name__)
_SET_UP: Final = "second factor set-up"
_SET_UP_LIFE: Final = timedelta(minutes=30)
_CODE: Final = 100
_WRONG: Final = "That code is not right, or was used already. Wait for the next one."


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
        # Drawn from an address that we made; no word of it is anybody else's.
        "drawing": Markup(drawn),  # noqa: S704
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
    codes = turn_on_second_factor(db(), now=now(), person_id=person_id(), secret=secret, code=_typed())
    if isinstance(codes, Refused):
        return _page(fault=_WRONG, secret=secret), 422
    return _page(codes=codes)


@page.post("/account/second-factor/codes")
@allow(SIGNED_IN)
def renew() -> str | tuple[str, int]:
    """Put new recovery codes in the place of the old ones, and show them this once."""
    try:
        codes = renew_recovery_codes(db(), now=now(), person_id=person_id(), code=_typed(), address=_address())
    except TooManyAttempts as error:
        return _too_many(error)
    return (_page(fault=_WRONG), 422) if isinstance(codes, Refused) else _page(codes=codes)


@page.post("/account/second-factor/off")
@allow(SIGNED_IN)
def turn_off() -> Response | tuple[str, int]:
    """Turn it off for somebody who shows a code."""
    try:
        passed = turn_off_second_factor(db(), now=now(), person_id=person_id(), code=_typed(), address=_address())
    except TooManyAttempts as error:
        return _too_many(error)
    return (_page(fault=_WRONG), 422) if isinstance(passed, Refused) else to("account.show", outcome="factor_off")


def _too_many(error: TooManyAttempts) -> tuple[str, int]:
    return _page(fault=f"Too many attempts. Try again in {error.retry_after_seconds} s."), 429


def _typed() -> str:
    return request.form.get("code", "")[:_CODE]


def _address() -> str:
    return request.remote_addr or "unknown"
