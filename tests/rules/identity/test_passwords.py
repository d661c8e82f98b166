"""Which passwords are refused, and that nothing but length and guessability counts."""

import pytest

from app.identity.rules import MAX_PASSWORD_LENGTH, WeakPassword, check_password


def check(password: str) -> None:
    check_password(password, email="ada.lovelace@example.org", name="Ada Lovelace")


@pytest.mark.parametrize(
    "password",
    [
        "four hats dancing",
        "kvxbtwqzmnpryid",
        "x8#!k$%^&*@(!)~?",
        "сорок тысяч обезьян",
        "雨雪風雷山川海空林森花草石土火",
        "   seven plums   ",
        "nul \x00 and bell \x07 count",
        "Ada may be in a longer sentence",
        "kvxbtwqz" * 32,
    ],
)
def test_a_long_password_of_any_characters_is_taken(password: str) -> None:
    check(password)


def test_fourteen_characters_are_too_few_and_fifteen_enough() -> None:
    with pytest.raises(WeakPassword, match="easy to guess") as caught:
        check("kvxbtwqzmnpryi")
    assert "at least 15" in caught.value.faults[0].detail
    check("kvxbtwqzmnpryid")


def test_characters_are_counted_not_bytes() -> None:
    with pytest.raises(WeakPassword):
        check("雨雪風雷山川海空林森花草石土")


def test_more_than_the_limit_is_refused_not_cut() -> None:
    with pytest.raises(WeakPassword) as caught:
        check("kvxbtwqz" * (MAX_PASSWORD_LENGTH // 8) + "k")
    assert "at most 256" in caught.value.faults[0].detail


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace@example.org",
        "AdaLovelace-AdaLovelace",
        "lovelace.example.ada1",
        "Ada Lovelace 1843!",
        "proofdesk-proofdesk",
        "Proofdesk_2026_ada!",
        "passwordpassword1",
        "P-a-s-s-w-o-r-d-1-2-3-4-5",
        "correct horse battery staple",
        "qwertyuiopasdfghjkl",
        "123456789012345",
        "letmein letmein letmein",
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "password",
        " " * 20,
        "." * 20,
    ],
)
def test_what_somebody_would_guess_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check(password)


def test_parts_of_a_name_too_short_to_matter_are_left_alone() -> None:
    check_password("al plums bi seven", email="al@bi.ce", name="Al Bi")
