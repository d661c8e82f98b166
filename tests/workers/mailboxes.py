"""A mail server on loopback that takes mails, refuses addresses, hangs up or drips, as real ones do."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

# What is answered to a command instead of the usual; an empty text hangs up.
Answers = dict[str, str]


@dataclass
class Mailbox:
    """What arrived so far: whole mails, and everything that clients said."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the setting that leads here."""
        return f"smtp://127.0.0.1:{self.port}"


def _converse(talk: socket.socket, box: Mailbox, answers: Answers, tls: ssl.SSLContext | None) -> None:
    lines = talk.makefile("rb")
    talk.sendall(b"220 here\r\n")
    while said := lines.readline():
        command = said.decode().strip()
        box.said.append(command)
        word = command.split(":")[0].split(" ")[0].upper()
        usual = {"EHLO": f"250-here\r\n250{'-' if tls else ' '}8BITMIME" + ("\r\n250 STARTTLS" if tls else "")}
        usual |= {"DATA": "354 go on", "QUIT": "221 bye", "STARTTLS": "220 go on"}
        answer = answers.get(word, usual.get(word, "250 ok"))
        if not answer:
            return
        talk.sendall(f"{answer}\r\n".encode())
        if word == "STARTTLS" and tls is not None:
            secured = tls.wrap_socket(talk, server_side=True)
            _go_on(secured, box, answers)
            return
        if word == "DATA" and answer.startswith("354"):
            _take_mail(talk, lines, box, answers)


def _go_on(talk: socket.socket, box: Mailbox, answers: Answers) -> None:
    """Converse as before, without a greeting, over TLS."""
    with talk, talk.makefile("rb") as lines:
        while said := lines.readline():
            box.said.append(said.decode().strip())
            word = said.decode().split(":")[0].split(" ")[0].strip().upper()
            talk.sendall(f"{answers.get(word, '354 go on' if word == 'DATA' else '250 ok')}\r\n".encode())
            if word == "DATA":
                _take_mail(talk, lines, box, answers)


def _take_mail(talk: socket.socket, lines: "Iterator[bytes]", box: Mailbox, answers: Answers) -> None:
    got = []
    for line in lines:
        if line == b".\r\n":
            break
        got.append(line[1:] if line.startswith(b"..") else line)
    mail = message_from_bytes(b"".join(got), policy=SMTP)
    assert isinstance(mail, EmailMessage)
    box.mails.append(mail)
    answer = answers.get("MAIL_END", "250 taken")
    if answer:
        talk.sendall(f"{answer}\r\n".encode())
    else:
        talk.shutdown(socket.SHUT_RDWR)


@contextmanager
def mailbox(
    answers: Answers | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    arrived: Callable[[Mailbox], None] | None = None,
) -> Iterator[Mailbox]:
    """Run a mail server for the length of a block.

    Args:
        answers: By the first word of a command; `MAIL_END` is the answer to a whole mail.
        arrived: Called with each connection, before anything is said.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        box = Mailbox(server.getsockname()[1])
        ended = threading.Event()

        def serve(connection: socket.socket) -> None:
            with suppress(OSError, ssl.SSLError), connection:
                connection.settimeout(10)
                if arrived is not None:
                    arrived(box)
                _converse(connection, box, answers or {}, tls)

        def accept() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            ended.set()
            with suppress(OSError), socket.create_connection(("127.0.0.1", box.port), timeout=1):
                pass
            thread.join(timeout=5)
