"""Codes of an authenticator (TOTP, RFC 6238: SHA-1, six digits, steps of 30 s) and recovery codes.

A code of the step before or after the present one counts too, for clocks that differ (RFC 6238, section 5.2), but none
of a step that was used already, so that a code that somebody saw is worth nothing. Pure. Called by the service.
"""

import re
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
#: Steps before and after the present one that count.
DRIFT: Final = 1
RECOVERY_CODES: Final = 10
_ISSUER: Final = "Proofdesk"
_CODE: Final = re.compile("[0-9]{6}")


def address_for_app(secret: str, *, email: str) -> str:
    """Return the address (otpauth://) that an authenticator reads, usually as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def step_of(secret: str, typed: str, *, now: datetime, last_step: int) -> int | None:
    """Return the step of a code that counts now, None when it does not.

    Args:
        typed: As a person types it; spaces do not matter.
        last_step: Of the newest code that was used; only later ones count.
    """
    code = re.sub(r"\s", "", typed)
    if not _CODE.fullmatch(code):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(present - DRIFT, present + DRIFT + 1):
        if step > last_step and pyotp.utils.strings_equal(totp.generate_otp(step), code):
            return step
    return None


def plain_recovery_code(typed: str) -> str:
    """Return a recovery code as it is hashed: without dashes and spaces, in lower case."""
    return re.sub(r"[\s-]", "", typed).lower()
