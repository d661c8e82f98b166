"""A second factor: asked for after the password and with a link, never twice the same code, and a way out when lost."""

import re

import pytest
from sqlalchemy import text

from app.audit.rules import COMMAND
from app.edge.unit_of_work import ProofdeskApp
from app.identity.service import remove_second_factor
from app.kernel.clock import read_now
from tests.factories.site import make_site
from tests.http.authenticator import Browser
from tests.http.walker import PASSWORD


@pytest.fixture
def browser(app: ProofdeskApp) -> Browser:
    """Ada with a second factor."""
    made = Browser(make_site(app))
    made.turn_on()
    return made


def test_the_password_alone_opens_nothing_and_the_code_does(browser: Browser) -> None:
    proof = browser.password_step()
    assert browser.post("/login/code", proof=proof, code="000000").status_code == 422
    assert not browser.is_in()
    let_in = browser.post("/login/code", proof=proof, code=browser.code(1), next="/queue")
    assert (let_in.status_code, let_in.location) == (303, "/queue")
    assert browser.is_in()


def test_no_code_counts_twice(browser: Browser) -> None:
    used = browser.code(1)
    assert browser.post("/login/code", proof=browser.password_step(), code=used).status_code == 303
    again = browser.post("/login/code", proof=browser.password_step(), code=used)
    assert again.status_code == 422
    assert not browser.is_in()


def test_a_link_asks_for_it_too_and_is_not_spent_by_a_wrong_one(browser: Browser) -> None:
    link = browser.site.sign_in_path("ada")
    browser.client = browser.site.app.test_client()
    assert 'name="code"' in browser.get(link)
    assert browser.post(link, code="000000").status_code == 422
    assert browser.post(link).status_code == 422
    assert not browser.is_in()
    assert browser.post(link, code=browser.codes[0]).status_code == 303
    assert browser.is_in()
    assert browser.post(link, code=browser.codes[1]).status_code == 410


def test_a_recovery_code_works_once_however_it_is_typed(browser: Browser) -> None:
    code = browser.codes[3].upper().replace("-", " ")
    assert browser.post("/login/code", proof=browser.password_step(), code=code).status_code == 303
    assert "9 recovery codes left" in browser.get("/account/second-factor")
    assert browser.post("/login/code", proof=browser.password_step(), code=code).status_code == 422


def test_guessing_is_slowed_down(browser: Browser) -> None:
    proof = browser.password_step()
    answers = [browser.post("/login/code", proof=proof, code=f"{n:06}").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    assert browser.post("/login/code", proof=proof, code=browser.codes[0]).status_code == 429
    # Whoever guesses codes does not keep the owner from her password.
    assert browser.password_step()


@pytest.mark.parametrize("proof", ["", "x", "AAAA", "é" * 9, "A" * 2_000])
def test_a_proof_that_we_did_not_seal_proves_nothing(browser: Browser, proof: str) -> None:
    browser.client = browser.site.app.test_client()
    assert browser.post("/login/code", proof=proof, code=browser.codes[0]).status_code == 422
    assert not browser.is_in()


def test_a_set_up_of_somebody_else_is_not_taken(browser: Browser) -> None:
    page = Browser(browser.site)
    browser.site.add_person("eve", ["reviewer"])
    page.post(browser.site.sign_in_path("eve"))
    sealed = re.search(r'name="set_up" value="([^"]+)"', page.get("/account/second-factor"))
    assert sealed is not None
    other = Browser(browser.site)
    browser.site.add_person("mia", ["reviewer"])
    other.post(browser.site.sign_in_path("mia"))
    assert other.post("/account/second-factor/on", set_up=sealed[1], code="000000").status_code == 422
    assert "It is on" not in other.get("/account/second-factor")


def test_turning_off_and_new_codes_need_a_code(browser: Browser) -> None:
    assert browser.post("/account/second-factor/off", code="000000").status_code == 422
    assert browser.post("/account/second-factor/codes", code="000000").status_code == 422
    renewed = browser.post("/account/second-factor/codes", code=browser.codes[0]).get_data(as_text=True)
    fresh = re.findall(r"<li>([a-z2-7-]{19})</li>", renewed)
    assert len(fresh) == 10
    assert browser.post("/account/second-factor/off", code=browser.codes[1]).status_code == 422
    assert browser.post("/account/second-factor/off", code=fresh[0]).status_code == 303
    browser.client = browser.site.app.test_client()
    assert browser.post("/login", email="ada@acme.example", password=PASSWORD).status_code == 303


def test_the_operator_can_take_it_away_and_the_trail_knows(browser: Browser) -> None:
    proof = browser.password_step()
    with browser.site.app.database.unit_of_work() as session:
        person = browser.site.people["ada"]
        remove_second_factor(session, now=read_now(session), actor=COMMAND, person_id=person)
    assert browser.post("/login/code", proof=proof, code=browser.codes[0]).status_code == 422
    with browser.site.app.database.unit_of_work() as session:
        told = session.execute(
            text("SELECT type, actor_kind FROM events WHERE type LIKE 'second_factor%' ORDER BY number")
        )
        assert [tuple(row) for row in told] == [("second_factor.on", "person"), ("second_factor.off", "command")]


def test_neither_secret_nor_codes_lie_in_the_open(browser: Browser) -> None:
    with browser.site.app.database.unit_of_work() as session:
        kept = session.execute(text("SELECT secret FROM second_factors")).one().secret
        digests = session.scalars(text("SELECT code_sha256 FROM recovery_codes")).all()
    assert browser.secret.encode() not in kept
    assert all(code.encode() not in digest for digest in digests for code in browser.codes)
