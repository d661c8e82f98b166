"""/login, /login/link/<token>, /logout: come in by password or by a one-time link, with a code where somebody has asked
for that, and go.

Opening a link uses nothing up, because mail programs open links by themselves; pressing its button does. Either way the
browser then goes to the page that it was asked to sign in for.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal
from app.edge.guard import PUBLIC, SIGNED_IN, allow
from app.edge.sessions import clear_cookie, set_cookie
from app.identity.queries import has_second_factor, person_of_link
from app.identity.service import (
    LinkSpent,
    Refused,
    SecondFactorOff,
    TooManyAttempts,
    pass_second_factor,
    revoke_session,
    sign_in_with_password,
    start_session,
    use_sign_in_link,
)
from app.web.onward import forget, own_path, remember, remembered_path, to
from app.web.sealed_field import open_field, seal_field
from app.web.second_factor_code import try_code

page = Blueprint("login", __name__)
_FIELD = 1_000
_PROOF: Final = "password was right"
_PROOF_LIFE: Final = timedelta(minutes=10)


@page.get("/login")
@allow(PUBLIC)
def show() -> Response:
    """Show the sign-in form, and remember where the browser wanted to go."""
    wanted = request.args.get("next", "")[:_FIELD]
    response = make_response(_form("", wanted, None))
    remember(response, wanted)
    return response


def _form(email: str, next_url: str, error: str | None) -> str:
    return render_template(
        "login/show.html", login_url=url_for("login.sign_in"), email=email, next_url=next_url, error=error
    )


@page.post("/login")
@allow(PUBLIC)
def sign_in() -> Response | tuple[str, int]:
    """Check the password and start a session."""
    email, next_url = request.form.get("email", "")[:_FIELD], request.form.get("next", "")[:_FIELD]
    try:
        result = sign_in_with_password(
            db(),
            now=now(),
            email=email,
            password=request.form.get("password", "")[:_FIELD],
            address=request.remote_addr or "unknown",
        )
    except TooManyAttempts as error:
        wait = error.retry_after_seconds
        return _form(email, next_url, f"Too many attempts. Try again in {wait} seconds."), 429
    if isinstance(result, Refused):
        return _form(email, next_url, "That e-mail address and password do not belong together."), 422
    if has_second_factor(db(), person_id=result.person_id):
        return _second_step(seal_field(_PROOF, person=result.person_id.hex), next_url, None), 200
    return _let_in(result.person_id, own_path(next_url))


def _let_in(person_id: UUID, path: str) -> Response:
    started = start_session(db(), now=now(), person_id=person_id, agent=request.user_agent.string)
    response = redirect(path, code=303)
    forget(response)
    set_cookie(response, started)
    return response


def _second_step(proof: str, next_url: str, error: str | None) -> str:
    return render_template(
        "login/second_factor.html",
        second_url=url_for("login.give_code"),
        proof=proof,
        next_url=next_url,
        error=error,
        login_url=url_for("login.show"),
    )


@page.post("/login/code")
@allow(PUBLIC)
def give_code() -> Response | tuple[str, int]:
    """Check the code that goes with a password that was right, and start a session."""
    proof, next_url = request.form.get("proof", "")[:_FIELD], request.form.get("next", "")[:_FIELD]
    proved = open_field(_PROOF, proof, within=_PROOF_LIFE)
    if proved is None:
        return _form("", next_url, "That took too long. Sign in again."), 422
    person_id = UUID(hex=proved["person"])
    try:
        passed, fault, status = try_code(pass_second_factor, person_id=person_id)
    except SecondFactorOff:
        return _form("", next_url, "Your second factor was turned off meanwhile. Sign in again."), 422
    if passed is None:
        return _second_step(proof, next_url, fault), status
    return _let_in(person_id, own_path(next_url))


@page.get("/login/link/<token>")
@allow(PUBLIC)
def show_link(token: str) -> str:
    """Show the button that uses a one-time link up."""
    return _link(token, None)


def _link(token: str, error: str | None, *, code_error: str | None = None) -> str:
    person_id = person_of_link(db(), now=now(), token=token)
    return render_template(
        "login/link.html",
        confirm_url=url_for("login.use_link", token=token),
        person_name=None,
        workspace_name=None,
        error=error,
        needs_code=person_id is not None and has_second_factor(db(), person_id=person_id),
        code_error=code_error,
        login_url=url_for("login.show"),
    )


@page.post("/login/link/<token>")
@allow(PUBLIC)
def use_link(token: str) -> Response | tuple[str, int]:
    """Use a one-time link up and start a session. A wrong code leaves the link as it is."""
    invited = person_of_link(db(), now=now(), token=token)
    if invited is not None and has_second_factor(db(), person_id=invited):
        passed, fault, status = try_code(pass_second_factor, person_id=invited)
        if passed is None:
            return _link(token, None, code_error=fault), status
    try:
        person_id = use_sign_in_link(db(), now=now(), token=token)
    except LinkSpent as error:
        return _link(token, error.detail), 410
    return _let_in(person_id, remembered_path())


@page.post("/logout")
@allow(SIGNED_IN)
def sign_out() -> Response:
    """End this session; its cookie opens nothing from now on."""
    who = principal()
    assert who.person_id is not None, "a session is a person's"  # noqa: S101  # held by the guard
    signed_in = current_user.signed_in
    revoke_session(db(), now=now(), actor=who.actor, person_id=who.person_id, session_id=signed_in.session_id)
    response = to("login.show")
    clear_cookie(response)
    return response
