"""The keys of the desk: what each does, and which one a person chose for it.

Promise: each act has one key and each key one act, so that none ever does two things; a key is one letter, digit or
sign that can be typed. Called by the review pages and by /account/keys.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.edge.context import db, now, person_id, principal
from app.edge.guard import allow
from app.identity.queries import desk_keys_of
from app.identity.service import choose_desk_keys
from app.web.onward import to

page = Blueprint("desk_keys", __name__)
USUAL: Final[Mapping[str, str]] = {
    "approve": "a",
    "submit": "c",
    "reject": "r",
    "skip": "s",
    "more": "m",
    "undo": "u",
    "field": "e",
    "evidence": "o",
    "view": "v",
    "sheet": "?",
}
DOES: Final[Mapping[str, str]] = {
    "approve": "Approve as it is; with high risk go to what is missing first",
    "submit": "Submit the correction, or the verdicts on each action",
    "reject": "Open “Reject”",
    "skip": "Skip to another item",
    "more": "Open “More”: keep for later, ask or give to somebody, pass up",
    "undo": "Undo the last decision, while that goes",
    "field": "Go to the first doubtful field, or the first field",
    "evidence": "Open the next piece of evidence, where that is asked for",
    "view": "Show the context another way: as text, as Markdown, raw",
    "sheet": "Show the keys",
}


def keys_of(session: Session, *, person_id: UUID) -> dict[str, str]:
    """Return the key of each act, as this person has them."""
    chosen = desk_keys_of(session, person_id=person_id)
    return {act: chosen.get(act, usual) for act, usual in USUAL.items()}


@page.get("/account/keys")
@allow("review")
def show() -> str:
    """Show my keys."""
    return _page(keys_of(db(), person_id=person_id()), {})


@page.post("/account/keys")
@allow("review")
def choose() -> Response | tuple[str, int]:
    """Keep my keys, or take the usual ones again."""
    keys = dict(USUAL)
    if request.form.get("act") != "reset":
        keys = {act: request.form.get(act, "").strip() for act in USUAL}
    faults = _faults(keys)
    if faults:
        return _page(keys, faults), 422
    chosen = {act: key for act, key in keys.items() if key != USUAL[act]}
    choose_desk_keys(db(), now=now(), actor=principal().actor, person_id=person_id(), keys=chosen)
    return to("desk_keys.show", outcome="keys")


def _faults(keys: Mapping[str, str]) -> dict[str, str]:
    times = Counter(keys.values())
    faults = {act: "Another act has this key too." for act, key in keys.items() if times[key] > 1}
    return faults | {
        act: "Give one letter, digit or sign."
        for act, key in keys.items()
        if len(key) != 1 or not key.isprintable() or key.isspace()
    }


def _page(keys: Mapping[str, str], faults: Mapping[str, str]) -> str:
    rows = [{"act": act, "does": DOES[act], "key": keys[act], "usual": USUAL[act]} for act in USUAL]
    return render_template(
        "account/keys.html",
        rows=rows,
        faults=faults,
        save_url=url_for("desk_keys.choose"),
        account_url=url_for("account.show"),
    )
