"""Send one mail through the installation's own SMTP server.

Headers are built by the standard library, which refuses line breaks in them, from an address that was checked when it
was kept; the text is plain. With starttls=1, or by smtps, nothing is sent to a server that does not prove its name.
No more than half a minute in all, however slowly the server drips. Whatever goes wrong comes back as a word, never as
an exception. Called by the workers, from several threads at once.
"""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

import structlog

from app.kernel.clock import host_now
from app.notifications.rules.retries import Tried
from app.notifications.rules.wording import Letter, plain

STEP_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 30.0
_DEFAULT_PORTS: Final = {"smtp": 25, "smtps": 465}

# The words for why a mail was not taken; they are kept with the message.
UNREACHABLE: Final = "mail server not reachable"
BAD_TLS: Final = "TLS failed"
NOT_LET_IN: Final = "mail server refused our name or password"
REFUSED: Final = "mail server refused the address"
REFUSED_FOR_NOW: Final = "mail server refused for now"
LACKING: Final = "mail server does not offer the TLS, login or characters that this needs"
UNWRITABLE: Final = "address cannot be written in a mail"
BROKEN: Final = "connection broken"
FAILED: Final = "failed"

_log = structlog.get_logger(__name__)


def build(letter: Letter, *, sender: str) -> EmailMessage:
    """Return the mail as it is sent.

    Raises:
        ValueError, MessageError: its address or its subject cannot stand in a header.
    """
    local, _, domain = letter.to_email.rpartition("@")
    # Long lines of other languages are folded by encoding them, never by breaking a link.
    mail = EmailMessage(policy=SMTP.clone(max_line_length=998))
    mail["From"] = Address("Proofdesk", addr_spec=sender)
    mail["To"] = Address(plain(letter.to_name), username=local, domain=domain)
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(host_now())
    mail["Message-ID"] = letter.message_id
    mail["List-Unsubscribe"] = f"<{letter.settings_url}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="quoted-printable")
    return mail


class SmtpMailer:
    """Sends by one server. Holds no connection and no lock between two mails."""

    def __init__(
        self, url: str, *, sender: str, tls: ssl.SSLContext | None = None, total_seconds: float = TOTAL_SECONDS
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        self._implicit_tls = parts.scheme == "smtps"
        self._starttls = parts.query == "starttls=1"
        self._tls = tls or ssl.create_default_context()
        self._sender = sender
        self._total_seconds = total_seconds

    def __call__(self, letter: Letter) -> Tried:
        """Send one mail and say what came of it."""
        try:
            mail = build(letter, sender=self._sender)
        except (ValueError, MessageError):
            return Tried(sent=False, problem=UNWRITABLE, for_good=True)
        try:
            self._send(mail, letter.to_email)
        except Exception as error:
            return _meaning(error)
        return Tried(sent=True)

    def _send(self, mail: EmailMessage, to: str) -> None:
        with self._connect() as server, _cut_off_after(server, self._total_seconds):
            server.ehlo()
            if self._starttls:
                server.starttls(context=self._tls)
                server.ehlo()
            if self._user is not None:
                server.login(self._user, self._password)
            server.send_message(mail, from_addr=self._sender, to_addrs=[to])

    @contextmanager
    def _connect(self) -> Iterator[smtplib.SMTP]:
        if self._implicit_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=STEP_SECONDS, context=self._tls)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=STEP_SECONDS)
        try:
            yield server
            # The mail was taken; whether the goodbye succeeds changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()


def make_mailer(url: str | None, sender: str | None) -> SmtpMailer | None:
    """Return the mailer of an installation, or None when it sends no mail."""
    return SmtpMailer(url, sender=sender) if url is not None and sender is not None else None


@contextmanager
def _cut_off_after(server: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """End the connection after so many seconds: a timeout of the socket begins anew with every byte."""

    def cut() -> None:
        # None when the talk had just ended by itself.
        if server.sock is not None:
            with suppress(OSError):
                server.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _meaning(error: Exception) -> Tried:
    """Return what an exception of the conversation means; codes of 500 and above are meant for good (RFC 5321)."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            for_good = bool(codes) and min(codes) >= 500
            return Tried(sent=False, problem=REFUSED if for_good else REFUSED_FOR_NOW, for_good=for_good)
        case smtplib.SMTPNotSupportedError():
            return Tried(sent=False, problem=LACKING)
        case smtplib.SMTPAuthenticationError():
            return Tried(sent=False, problem=NOT_LET_IN)
        case smtplib.SMTPServerDisconnected():
            return Tried(sent=False, problem=BROKEN)
        case smtplib.SMTPResponseException():
            return Tried(sent=False, problem=REFUSED_FOR_NOW)
        case ssl.SSLError():
            return Tried(sent=False, problem=BAD_TLS)
        case OSError() | smtplib.SMTPException():
            return Tried(sent=False, problem=UNREACHABLE)
    _log.exception("mail failed in an unknown way", exc_info=error)
    return Tried(sent=False, problem=FAILED)
