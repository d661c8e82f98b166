"""A second factor: an authenticator's code is asked for after the password or the link.

The secret lies sealed; of recovery codes, 80 random bits each, only digests are kept. A wrong code is counted like a
wrong password, so a failure is a returned `Refused` and never an exception. Called by the sign-in and account pages
and by the command line.
"""

import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

import pyotp
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.models import RecoveryCode, SecondFactor
from app.identity.queries import has_second_factor, recovery_codes_left
from app.identity.rules.second_factor import RECOVERY_CODES, plain_recovery_code, step_of
from app.identity.service.accounts import hold_account, hold_account_alone, record_about_person
from app.identity.service.attempts import admit_attempt, count_attempt
from app.identity.service.passwords import Refused
from app.kernel.errors import Conflict
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import vault_of

_PURPOSE: Final = "second factor"
#: What of this domain lies under the installation's secret.
WRAPPED: Final = (Wrapped(SecondFactor.secret, lambda _: _PURPOSE),)


class SecondFactorOn(Conflict):
    """There is a second factor already; turn it off first."""


class SecondFactorOff(Conflict):
    """There is no second factor."""


@dataclass(frozen=True)
class Passed:
    """The code was right; `by_recovery_code` when it was one of those, of which `left` are not used yet."""

    by_recovery_code: bool = False
    left: int = 0


def new_secret() -> str:
    """Return a secret for an authenticator: 160 random bits in base 32 (RFC 4226, section 4)."""
    return pyotp.random_base32()


def turn_on_second_factor(
    session: Session, *, now: datetime, person_id: UUID, secret: str, code: str
) -> list[str] | Refused:
    """Ask this person for a code from now on, if she has just shown that her authenticator makes the right ones.

    Returns:
        Her recovery codes, which are shown this once.

    Raises:
        SecondFactorOn: there is one already.
        PersonDisabled, NoSuchPerson.
    """
    hold_account_alone(session, person_id=person_id)
    if has_second_factor(session, person_id=person_id):
        raise SecondFactorOn
    step = step_of(secret, code, now=now, last_step=0)
    if step is None:
        return Refused()
    sealed = vault_of(session).seal(secret.encode(), purpose=_PURPOSE)
    session.add(SecondFactor(person_id=person_id, secret=sealed, last_step=step, created_at=now))
    session.flush()
    record_about_person(
        session, now=now, actor=Actor("person", person_id), person_id=person_id, type="second_factor.on"
    )
    return _new_codes(session, person_id)


def pass_second_factor(
    session: Session, *, now: datetime, person_id: UUID, code: str, address: str
) -> Passed | Refused:
    """Check a code of the authenticator, or use up a recovery code, and count the try.

    Args:
        address: The network address that the request came from.

    Raises:
        SecondFactorOff: this person has none.
        TooManyAttempts: too many failures for this account or address.
        PersonDisabled, NoSuchPerson.
    """
    account = hold_account(session, person_id=person_id)
    # Apart from the password's: whoever has that must not be able to lock its owner out of it.
    name = f"{account.email} {_PURPOSE}"
    admit_attempt(session, now=now, account=name, address=address)
    passed = _try_code(session, now, person_id, code)
    count_attempt(session, now=now, account=name, address=address, succeeded=isinstance(passed, Passed))
    if isinstance(passed, Passed) and passed.by_recovery_code:
        actor, left = Actor("person", person_id), {"left": passed.left}
        record_about_person(session, now=now, actor=actor, person_id=person_id, type="recovery_code.used", details=left)
    return passed


def _try_code(session: Session, now: datetime, person_id: UUID, code: str) -> Passed | Refused:
    factor = session.scalar(select(SecondFactor).where(SecondFactor.person_id == person_id).with_for_update())
    if factor is None:
        raise SecondFactorOff
    secret = vault_of(session).open(factor.secret, purpose=_PURPOSE).decode()
    step = step_of(secret, code, now=now, last_step=factor.last_step)
    if step is not None:
        factor.last_step = step
        session.flush()
        return Passed()
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_sha256 == _digest(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.person_id)
    )
    return Refused() if used is None else Passed(True, recovery_codes_left(session, person_id=person_id))


def renew_recovery_codes(
    session: Session, *, now: datetime, person_id: UUID, code: str, address: str
) -> list[str] | Refused:
    """Put new recovery codes in the place of the old ones, for somebody who shows a code.

    Raises:
        SecondFactorOff, TooManyAttempts, PersonDisabled, NoSuchPerson.
    """
    passed = pass_second_factor(session, now=now, person_id=person_id, code=code, address=address)
    if isinstance(passed, Refused):
        return passed
    record_about_person(
        session, now=now, actor=Actor("person", person_id), person_id=person_id, type="recovery_codes.renewed"
    )
    return _new_codes(session, person_id)


def turn_off_second_factor(
    session: Session, *, now: datetime, person_id: UUID, code: str, address: str
) -> Passed | Refused:
    """Ask this person for no code any more, if she shows one now.

    Raises:
        SecondFactorOff, TooManyAttempts, PersonDisabled, NoSuchPerson.
    """
    passed = pass_second_factor(session, now=now, person_id=person_id, code=code, address=address)
    if isinstance(passed, Passed):
        remove_second_factor(session, now=now, actor=Actor("person", person_id), person_id=person_id)
    return passed


def remove_second_factor(session: Session, *, now: datetime, actor: Actor, person_id: UUID) -> None:
    """Take a person's second factor away: herself with a code, or the operator for somebody who has lost everything.

    Raises:
        SecondFactorOff: there is none.
        NoSuchPerson.
    """
    hold_account_alone(session, person_id=person_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    gone = delete(SecondFactor).where(SecondFactor.person_id == person_id).returning(SecondFactor.person_id)
    if session.scalar(gone) is None:
        raise SecondFactorOff
    record_about_person(session, now=now, actor=actor, person_id=person_id, type="second_factor.off")


def _new_codes(session: Session, person_id: UUID) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    session.execute(insert(RecoveryCode), [{"person_id": person_id, "code_sha256": _digest(code)} for code in codes])
    return codes


def _new_code() -> str:
    text = b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def _digest(code: str) -> bytes:
    return sha256(plain_recovery_code(code).encode("utf-8", "surrogatepass")).digest()
