"""Codes of an authenticator: the published values, the drift that counts, and that none counts twice."""

from datetime import UTC, datetime

import pytest

from app.identity.rules.second_factor import address_for_app, plain_recovery_code, step_of

# RFC 6238, appendix B: the secret "12345678901234567890" in base 32; the values there have eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PUBLISHED = {
    59: "94287082",
    1_111_111_109: "07081804",
    1_111_111_111: "14050471",
    1_234_567_890: "89005924",
    2_000_000_000: "69279037",
    20_000_000_000: "65353130",
}


def at(seconds: int) -> datetime:
    """Return an instant."""
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), PUBLISHED.items())
def test_published_codes_count(seconds: int, code: str) -> None:
    assert step_of(SECRET, code[2:], now=at(seconds), last_step=0) == seconds // 30


def test_a_step_to_either_side_counts_and_no_more() -> None:
    code, step = PUBLISHED[1_234_567_890][2:], 1_234_567_890 // 30
    for away in range(-3, 4):
        found = step_of(SECRET, code, now=at((step + away) * 30), last_step=0)
        assert found == (step if abs(away) <= 1 else None)


def test_no_code_counts_twice_nor_one_before_it() -> None:
    step = 1_234_567_890 // 30
    for last in (step, step + 1):
        assert step_of(SECRET, "005924", now=at(1_234_567_890), last_step=last) is None


@pytest.mark.parametrize("typed", ["", "5924", "0059241", "00592a", "٠٠٥٩٢٤", "005924\x00", "9" * 100_000])
def test_what_is_no_code_counts_for_nothing(typed: str) -> None:
    assert step_of(SECRET, typed, now=at(1_234_567_890), last_step=0) is None


def test_spaces_do_not_matter() -> None:
    assert step_of(SECRET, " 005 924 ", now=at(1_234_567_890), last_step=0) is not None
    assert plain_recovery_code(" ABCD-efgh ijkl-mnop ") == "abcdefghijklmnop"


def test_the_address_names_who_and_where() -> None:
    said = address_for_app(SECRET, email="ada@acme.example")
    assert said == f"otpauth://totp/Proofdesk:ada%40acme.example?secret={SECRET}&issuer=Proofdesk"
