"""How e-mails, names and addresses are written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identity.rules import (
    BadEmail,
    BadName,
    address_group,
    check_email,
    check_name,
    check_names,
    normal_email,
    plain_agent,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("  ada@example.org\n", "ada@example.org"),
        ("a+b_c-d.e@sub.example.org", "a+b_c-d.e@sub.example.org"),
        ("root@localhost", "root@localhost"),
        ("zoe\u0308@example.org", "zo\u00eb@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert check_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "ada@@example.org",
        "a@b@example.org",
        "ada@example..org",
        "ada@.org",
        "ada lovelace@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada\x00@example.org",
        "ada\u202e@example.org",
        "ada\u200b@example.org",
        "ada\ud800@example.org",
        "Ada <ada@example.org>",
        '"ada"@example.org',
        "ada@example.org,eve@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 253,
        "a" * 100_000 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadEmail) as caught:
        check_email(typed)
    assert caught.value.faults[0].pointer == "/email"


@given(st.text(max_size=60))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    assert normal_email(normal_email(text)) == normal_email(text)


def test_a_name_is_trimmed_and_may_be_of_any_script() -> None:
    assert check_name("  Грета Ó Súilleabháin 山田 ") == "Грета Ó Súilleabháin 山田"
    assert check_name("a" * 200) == "a" * 200


@pytest.mark.parametrize("text", ["", "   ", "a" * 201, "a\nb", "a\x00b", "a\u202eb", "a\u2028b", "a\ud800b"])
def test_an_empty_long_or_invisible_name_is_refused(text: str) -> None:
    with pytest.raises(BadName) as caught:
        check_name(text)
    assert caught.value.faults[0].pointer == "/name"


def test_names_are_kept_once_in_the_order_given() -> None:
    assert check_names(["refunds", "legal", " refunds"], pointer="/skills") == ["refunds", "legal"]


def test_a_bad_name_of_several_is_pointed_at() -> None:
    with pytest.raises(BadName) as caught:
        check_names(["refunds", ""], pointer="/skills")
    assert caught.value.faults[0].pointer == "/skills/1"


def test_more_names_than_fit_are_refused() -> None:
    assert len(check_names([f"s{i}" for i in range(64)], pointer="/skills")) == 64
    with pytest.raises(BadName):
        check_names([f"s{i}" for i in range(65)], pointer="/skills")


def test_a_browser_description_is_cut_and_loses_what_disturbs() -> None:
    assert plain_agent("Fire\r\nfox\x00\u202e\ud800") == "Fire  fox   "
    assert len(plain_agent("x" * 10_000)) == 300


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("nonsense\x00", "unknown"),
    ],
)
def test_an_ipv6_host_counts_as_its_whole_network(address: str, group: str) -> None:
    assert address_group(address) == group
