"""Signing in with a password, setting one, and how often somebody may try."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.models import Person, SignInAttempt
from app.identity.queries import get_person
from app.identity.rules import WeakPassword
from app.identity.service import (
    LinkSpent,
    PasswordSet,
    Refused,
    SignIn,
    TooManyAttempts,
    disable_person,
    find_session,
    forget_old_attempts,
    make_sign_in_link,
    set_password,
    sign_in_with_password,
    start_session,
    use_sign_in_link,
)
from app.identity.service.attempts import count_attempt
from tests.services.identity.trail import types

FIRST, SECOND = "four hats dancing", "seven plums asleep"
HERE = "203.0.113.9"
SECOND_LONG = timedelta(seconds=1)
# Weak on purpose: a test checks it dozens of times.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def give_password(session: Session, person_id: UUID, password: str, hasher: PasswordHasher = CHEAP) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(password_hash=hasher.hash(password)))


def hash_of(session: Session, person_id: UUID) -> str | None:
    return session.scalar(select(Person.password_hash).where(Person.id == person_id))


def try_to(
    session: Session, now: datetime, password: str, *, email: str = "ada@example.org", address: str = HERE
) -> SignIn | Refused:
    return sign_in_with_password(session, now=now, email=email, password=password, address=address)


def set_to(
    session: Session, now: datetime, person_id: UUID, session_id: UUID, *, new: str, old: str | None = None
) -> PasswordSet | Refused:
    return set_password(
        session,
        now=now,
        person_id=person_id,
        session_id=session_id,
        new_password=new,
        old_password=old,
        address=HERE,
    )


def fail(session: Session, at: datetime, times: int, *, email: str = "ada@example.org", address: str = HERE) -> None:
    assert try_to(session, at, "wrong", email=email, address=address) == Refused()
    # The rest is counted without the work of comparing, which takes a tenth of a second and more.
    for _ in range(times - 1):
        count_attempt(session, now=at, account=email, address=address, succeeded=False)


def test_the_right_password_signs_in(session: Session, now: datetime, ada: UUID) -> None:
    give_password(session, ada, FIRST)
    assert try_to(session, now, FIRST) == SignIn(ada)
    assert try_to(session, now, FIRST, email=" ADA@Example.org ") == SignIn(ada)


@pytest.mark.parametrize("typed", ["", FIRST + " ", FIRST.upper(), FIRST[:-1], "\x00", "\ud800", "x" * 50_000])
def test_a_wrong_password_is_refused(session: Session, now: datetime, ada: UUID, typed: str) -> None:
    give_password(session, ada, FIRST)
    assert try_to(session, now, typed) == Refused()


@pytest.mark.parametrize("email", ["eve@example.org", "", "no address", "ada\x00@example.org", "\ud800"])
def test_an_unknown_address_is_refused_alike_and_counted(
    session: Session, now: datetime, ada: UUID, email: str
) -> None:
    assert try_to(session, now, FIRST, email=email) == Refused()
    assert session.scalars(select(SignInAttempt.succeeded)).all() == [False]


def test_somebody_without_a_password_or_disabled_is_refused(session: Session, now: datetime, ada: UUID) -> None:
    assert try_to(session, now, "") == Refused()
    give_password(session, ada, FIRST)
    disable_person(session, now=now, actor=COMMAND, person_id=ada)
    assert try_to(session, now, FIRST) == Refused()


def test_an_older_hash_is_made_anew_by_signing_in(session: Session, now: datetime, ada: UUID) -> None:
    give_password(session, ada, FIRST)
    assert try_to(session, now, FIRST) == SignIn(ada)
    renewed = hash_of(session, ada)
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert try_to(session, now, FIRST) == SignIn(ada)
    assert hash_of(session, ada) == renewed


def test_the_eleventh_try_of_an_account_has_to_wait_wherever_it_comes_from(
    session: Session, now: datetime, ada: UUID
) -> None:
    give_password(session, ada, FIRST)
    for n in range(10):
        fail(session, now + n * SECOND_LONG, 1, address=f"203.0.113.{n}")
    with pytest.raises(TooManyAttempts) as caught:
        try_to(session, now + 10 * SECOND_LONG, FIRST, address="198.51.100.1")
    assert caught.value.retry_after_seconds == 290
    assert try_to(session, now + timedelta(minutes=5), FIRST) == SignIn(ada)


def test_a_success_between_failures_does_not_open_the_count_again(session: Session, now: datetime, ada: UUID) -> None:
    give_password(session, ada, FIRST)
    fail(session, now, 9)
    assert try_to(session, now, FIRST) == SignIn(ada)
    fail(session, now, 1)
    with pytest.raises(TooManyAttempts):
        try_to(session, now, FIRST)


def test_an_address_may_fail_thirty_times_whichever_accounts_it_tries(
    session: Session, now: datetime, ada: UUID
) -> None:
    for n in range(30):
        session.add(SignInAttempt(account_sha256=bytes([n]), address="2001:db8:1:2::/64", at=now, succeeded=False))
    session.flush()
    with pytest.raises(TooManyAttempts) as caught:
        try_to(session, now, FIRST, address="2001:db8:1:2::7")
    assert caught.value.retry_after_seconds == 300
    assert try_to(session, now, FIRST, address="2001:db8:1:3::7") == Refused()


def test_an_account_that_does_not_exist_is_limited_alike(session: Session, now: datetime) -> None:
    fail(session, now, 10, email="eve@example.org")
    with pytest.raises(TooManyAttempts):
        try_to(session, now, FIRST, email="EVE@example.org")


def test_what_was_typed_as_account_is_not_kept(session: Session, now: datetime) -> None:
    try_to(session, now, "x", email="my secret by mistake")
    row = session.scalars(select(SignInAttempt)).one()
    assert b"secret" not in row.account_sha256
    assert row.address == HERE


def test_old_tries_are_forgotten(session: Session, now: datetime) -> None:
    fail(session, now, 1)
    fail(session, now + timedelta(days=1), 1)
    assert forget_old_attempts(session, now=now + timedelta(days=30)) == 0
    assert forget_old_attempts(session, now=now + timedelta(days=30, seconds=1)) == 1


def test_a_first_password_needs_no_old_one(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    mine = start_session(session, now=now, person_id=ada, agent="")
    assert set_to(session, now, ada, mine.session_id, new=FIRST) == PasswordSet()
    assert get_person(session, person_id=ada).has_password
    assert types(session, workspace)[-1] == "password.set"
    assert try_to(session, now, FIRST) == SignIn(ada)


def test_a_change_needs_the_old_password_and_counts_wrong_ones(session: Session, now: datetime, ada: UUID) -> None:
    give_password(session, ada, FIRST)
    mine = start_session(session, now=now, person_id=ada, agent="").session_id
    for old in (None, "", "wrong", SECOND, "\ud800", FIRST + " ", "a", "b", "c", "d"):
        assert set_to(session, now, ada, mine, new=SECOND, old=old) == Refused()
    with pytest.raises(TooManyAttempts):
        set_to(session, now, ada, mine, new=SECOND, old=FIRST)
    later = now + timedelta(minutes=5)
    assert set_to(session, later, ada, mine, new=SECOND, old=FIRST) == PasswordSet()
    assert try_to(session, later, SECOND) == SignIn(ada)


def test_a_change_ends_the_other_sessions_and_the_links(session: Session, now: datetime, ada: UUID) -> None:
    give_password(session, ada, FIRST)
    mine = start_session(session, now=now, person_id=ada, agent="")
    saved = start_session(session, now=now, person_id=ada, agent="")
    link = make_sign_in_link(session, now=now, actor=COMMAND, person_id=ada)
    assert set_to(session, now, ada, mine.session_id, new=SECOND, old=FIRST) == PasswordSet()
    assert find_session(session, now=now, token=saved.token) is None
    assert find_session(session, now=now, token=mine.token) is not None
    with pytest.raises(LinkSpent):
        use_sign_in_link(session, now=now, token=link)


def test_a_forgotten_password_is_replaced_after_a_sign_in_link(session: Session, now: datetime, ada: UUID) -> None:
    give_password(session, ada, FIRST)
    link = make_sign_in_link(session, now=now, actor=COMMAND, person_id=ada)
    use_sign_in_link(session, now=now, token=link)
    mine = start_session(session, now=now, person_id=ada, agent="").session_id
    stolen = start_session(session, now=now + SECOND_LONG, person_id=ada, agent="").session_id
    assert set_to(session, now + SECOND_LONG, ada, stolen, new=SECOND) == Refused()
    assert set_to(session, now + timedelta(minutes=15, seconds=1), ada, mine, new=SECOND) == Refused()
    assert set_to(session, now + timedelta(minutes=15), ada, mine, new=SECOND) == PasswordSet()


def test_a_weak_password_changes_nothing(session: Session, now: datetime, ada: UUID) -> None:
    mine = start_session(session, now=now, person_id=ada, agent="").session_id
    for weak in ("short", "ada lovelace 1843"):
        with pytest.raises(WeakPassword):
            set_to(session, now, ada, mine, new=weak)
    assert not get_person(session, person_id=ada).has_password


def test_a_password_is_kept_as_its_exact_bytes(session: Session, now: datetime, ada: UUID) -> None:
    mine = start_session(session, now=now, person_id=ada, agent="").session_id
    composed, decomposed = "caf\u00e9 hats dancing", "cafe\u0301 hats dancing"
    assert set_to(session, now, ada, mine, new=composed) == PasswordSet()
    assert try_to(session, now, decomposed) == Refused()
    assert try_to(session, now, composed) == SignIn(ada)


def test_characters_beyond_the_seventy_second_byte_count(session: Session, now: datetime, ada: UUID) -> None:
    mine = start_session(session, now=now, person_id=ada, agent="").session_id
    base = "kvxbtwqzmn" * 10
    assert set_to(session, now, ada, mine, new=base + "p") == PasswordSet()
    assert try_to(session, now, base + "r") == Refused()
