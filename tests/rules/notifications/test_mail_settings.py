"""Which mail servers and senders an installation may name."""

import pytest

from app.adapters.mail import make_mailer
from app.settings import BadSetting, Settings, read_settings

NEEDED = {
    "DATABASE_URL": "postgresql://db/x",
    "REDIS_URL": "redis://r",
    "SECRET_KEY": "9f86d081884c7d659a2feaa0c55ad015a3",
}


def read(url: str, sender: str = "desk@acme.example") -> Settings:
    """Read the settings of an installation with this mail server."""
    return read_settings({**NEEDED, "PROOFDESK_SMTP_URL": url, "PROOFDESK_MAIL_FROM": sender})


@pytest.mark.parametrize(
    "url",
    [
        "smtp://127.0.0.1:1025",
        "smtp://mail.acme.example",
        "smtp://user:p%40ss@mail.acme.example:587?starttls=1",
        "smtps://user:pass@mail.acme.example",
        "smtp://user:pass@localhost:25",
    ],
)
def test_a_mail_server_can_be_named(url: str) -> None:
    settings = read(url)
    assert settings.smtp_url == url
    assert make_mailer(settings.smtp_url, settings.mail_from) is not None


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.acme.example", "desk@acme.example"),
        ("smtp://", "desk@acme.example"),
        ("smtp://host:port", "desk@acme.example"),
        ("smtp://host/path", "desk@acme.example"),
        ("smtp://host?starttls=maybe", "desk@acme.example"),
        ("smtp://user:pass@mail.acme.example", "desk@acme.example"),
        ("smtp://host", ""),
        ("smtp://host", "Desk <desk@acme.example>"),
        ("smtp://host", "desk@acme.example\nBcc: eve@evil.example"),
        ("smtp://host", "desk"),
    ],
)
def test_one_that_cannot_work_or_would_leak_a_password_is_refused(url: str, sender: str) -> None:
    with pytest.raises(BadSetting):
        read(url, sender)


def test_without_a_mail_server_there_is_no_mail() -> None:
    settings = read("")
    assert settings.smtp_url is None
    assert make_mailer(settings.smtp_url, settings.mail_from) is None
