"""/login, /login/link/<token>, /logout: come in by password or by a one-time link, and go.

Opening a link uses nothing up, because mail programs open links by themselves; pressing its button does. Either way the
browser then goes to the page that it was asked to sign in for.
"""

from flask import Blueprint, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal
from app.edge.guard import PUBLIC, SIGNED_IN, allow
from app.edge.sessions import clear_cookie, set_cookie
from app.identity.service import (
    LinkSpent,
    Refused,
    TooManyAttempts,
    revoke_session,
    sign_in_with_password,
    start_session,
    use_sign_in_link,
)
from app.web.onward import forget, own_path, remember, remembered_path, to

page = Blueprint("login", __name__)
_FIELD = 1_000


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
    started = start_session(db(), now=now(), person_id=result.person_id, agent=request.user_agent.string)
    response = redirect(own_path(next_url), code=303)
    forget(response)
    set_cookie(response, started)
    return response


@page.get("/login/link/<token>")
@allow(PUBLIC)
def show_link(token: str) -> str:
    """Show the button that uses a one-time link up."""
    return _link(token, None)


def _link(token: str, error: str | None) -> str:
    return render_template(
        "login/link.html",
        confirm_url=url_for("login.use_link", token=token),
        person_name=None,
        workspace_name=None,
        error=error,
        login_url=url_for("login.show"),
    )


@page.post("/login/link/<token>")
@allow(PUBLIC)
def use_link(token: str) -> Response | tuple[str, int]:
    """Use a one-time link up and start a session."""
    try:
        person_id = use_sign_in_link(db(), now=now(), token=token)
    except LinkSpent as error:
        return _link(token, error.detail), 410
    started = start_session(db(), now=now(), person_id=person_id, agent=request.user_agent.string)
    response = redirect(remembered_path(), code=303)
    forget(response)
    set_cookie(response, started)
    return response


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
