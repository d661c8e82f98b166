"""The mail adapter against servers that do as real ones do: refuse, hang up, drip, and prove who they are."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from cryptography import x509

from app.adapters import mail
from app.adapters.mail import SmtpMailer
from app.notifications.rules.retries import Tried
from app.notifications.rules.wording import Letter
from tests.workers.certificates import Authority
from tests.workers.mailboxes import Mailbox, mailbox

LETTER = Letter(
    message_id="<1@desk.example>",
    to_name="Zoë Łuk",
    to_email="zoe@acme.example",
    subject="[Proofdesk] 1 due soon",
    text="Hello Zoë,\n\n.a line that begins with a dot\nhttps://desk.example/items/it_0123456789abcdef0123456789abcdef\n",
    settings_url="https://desk.example/account#notifications",
)
SENDER = "desk@acme.example"


def test_a_mail_arrives_as_it_was_written() -> None:
    with mailbox() as box:
        assert SmtpMailer(box.url, sender=SENDER)(LETTER) == Tried(sent=True)
    (got,) = box.mails
    assert got["To"].addresses[0].display_name == "Zoë Łuk"
    assert got.get_content().replace("\r\n", "\n") == LETTER.text
    assert got["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("answers", "problem", "for_good"),
    [
        ({"RCPT": "550 nobody here"}, mail.REFUSED, True),
        ({"RCPT": "450 greylisted"}, mail.REFUSED_FOR_NOW, False),
        ({"MAIL": "451 later"}, mail.REFUSED_FOR_NOW, False),
        ({"MAIL": "553 not from you"}, mail.REFUSED_FOR_NOW, False),
        ({"MAIL_END": "552 too big"}, mail.REFUSED_FOR_NOW, False),
        ({"MAIL_END": ""}, mail.BROKEN, False),
        ({"EHLO": "", "HELO": ""}, mail.BROKEN, False),
    ],
)
def test_each_refusal_has_its_word(answers: dict[str, str], problem: str, for_good: bool) -> None:
    with mailbox(answers) as box:
        tried = SmtpMailer(box.url, sender=SENDER)(LETTER)
    assert (tried.sent, tried.problem, tried.for_good) == (False, problem, for_good)


def test_nobody_there_is_a_word_too() -> None:
    with mailbox() as box:
        pass
    assert SmtpMailer(box.url, sender=SENDER)(LETTER).problem == mail.UNREACHABLE


def test_a_server_that_never_ends_its_answer_is_cut_off() -> None:
    with mailbox({"EHLO": "250-one"}) as box:
        tried = SmtpMailer(box.url, sender=SENDER, total_seconds=0.3)(LETTER)
    assert (tried.sent, tried.problem) == (False, mail.BROKEN)


def _with_password(box: Mailbox) -> str:
    return box.url.replace("smtp://", "smtp://ada:secret@") + "?starttls=1"


def test_starttls_goes_on_with_whoever_proves_her_name(authority: Authority) -> None:
    with mailbox(tls=authority.server(x509.IPAddress(ip_address("127.0.0.1")))) as box:
        tried = SmtpMailer(f"{box.url}?starttls=1", sender=SENDER, tls=authority.client())(LETTER)
    assert (tried, len(box.mails)) == (Tried(sent=True), 1)


def test_no_password_goes_to_a_server_without_tls_or_a_proof_of_its_name(authority: Authority) -> None:
    with mailbox() as plain:
        assert SmtpMailer(_with_password(plain), sender=SENDER)(LETTER).problem == mail.LACKING
    with mailbox(tls=authority.server(x509.IPAddress(ip_address("127.0.0.1")))) as unknown:
        assert SmtpMailer(_with_password(unknown), sender=SENDER)(LETTER).problem == mail.BAD_TLS
    assert not [line for line in [*plain.said, *unknown.said] if "AUTH" in line]


def test_an_address_that_no_header_can_hold_is_not_tried_again() -> None:
    with mailbox() as box:
        tried = SmtpMailer(box.url, sender=SENDER)(replace(LETTER, to_email="a@b\r\nBcc: eve@evil.example"))
    assert (tried.problem, tried.for_good, box.said) == (mail.UNWRITABLE, True, [])
