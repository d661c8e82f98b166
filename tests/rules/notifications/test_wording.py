"""What mails and chat messages say, and that nobody's name changes what they are."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.mail import build
from app.notifications.rules.kinds import DUE_SOON, HANDED_OVER, KINDS, WAITING
from app.notifications.rules.wording import LINES, Letter, Line, chat_text, mail_text, plain, subject

DUE = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
URL = "https://desk.example/items/it_0"
SETTINGS = "https://desk.example/account#notifications"


def line(kind: str = DUE_SOON, **parts: object) -> Line:
    """Return a line about one address in the queue `default`."""
    values: dict[str, object] = {"queue": "default", "due_at": DUE, "url": URL, "task_type": "address", **parts}
    return Line(kind=kind, **values)  # type: ignore[arg-type]  # a test names the parts that it changes


def letter(**parts: str) -> Letter:
    """Return a letter to Ada."""
    values = {
        "message_id": "<1@desk.example>",
        "to_name": "Ada",
        "to_email": "ada@acme.example",
        "subject": "[Proofdesk] 1 due soon",
        "text": "Hello\n",
        "settings_url": SETTINGS,
    }
    return Letter(**{**values, **parts})


def written(*lines: Line, **parts: str) -> str:
    """Return a mail's text to Ada in Zurich."""
    values = {"name": "Ada", "workspace": "Acme", "zone": "Europe/Zurich", "settings_url": SETTINGS}
    return mail_text(lines, **{**values, **parts})


def test_a_mail_says_what_where_when_why_and_where_to_go() -> None:
    text = written(line(HANDED_OVER, by="Ben"), line(WAITING, waiting=3, url="https://desk.example/review"))
    assert "Handed over to you:\n- address in default by Ben, due Mon 2026-03-02 14:00 (Europe/Zurich)" in text
    assert f"\n  {URL}\n" in text
    assert "Work waits:\n- default: 3 items that you may take" in text
    assert text.endswith(f"Change what is sent and when: {SETTINGS}\n")


def test_a_subject_counts() -> None:
    lines = [line(WAITING, waiting=200, more=True), line(DUE_SOON), line(DUE_SOON), line(HANDED_OVER)]
    assert subject(lines) == "[Proofdesk] 1 handed over, 2 due soon, 200+ waiting"


def test_many_lines_become_a_number() -> None:
    text = written(*[line() for _ in range(LINES + 5)])
    assert text.count(URL) == LINES
    assert "- and 5 more" in text
    assert chat_text([line() for _ in range(LINES + 5)]).count(URL) == LINES


@pytest.mark.parametrize("name", ["Ada\r\nBcc: eve@evil.example", "Ada\nEve", "\x00Ada", "Ada\u202eadA", "Ada\u2028x"])
def test_no_name_breaks_a_line_or_turns_the_text(name: str) -> None:
    assert not re.search(r"[\r\n\x00\u202e\u2028]", plain(name))
    sent = message_from_bytes(build(letter(to_name=name), sender="desk@acme.example").as_bytes(), policy=SMTP)
    assert sent["Bcc"] is None
    assert sent["To"].addresses[0].addr_spec == "ada@acme.example"


@pytest.mark.parametrize("part", ["subject", "message_id", "settings_url", "to_email"])
def test_a_line_break_in_any_header_is_refused_and_not_sent(part: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        build(letter(**{part: "a@b\r\nBcc: eve@evil.example"}), sender="desk@acme.example")


@given(st.text(max_size=300))
def test_a_mail_survives_any_name(name: str) -> None:
    text = written(line(task_type=name, queue=name, by=name), name=name, workspace=name)
    mail = build(letter(to_name=name, text=text), sender="desk@acme.example")
    sent = message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert set(sent.keys()) == set(mail.keys())
    assert sent["To"].addresses[0].addr_spec == "ada@acme.example"
    assert sent.get_content().replace("\r\n", "\n") == text
    assert text.count("\n") == written(line(task_type="x", queue="x", by="x"), name="x", workspace="x").count("\n")


@given(st.text(max_size=300), st.sampled_from(KINDS))
def test_no_name_is_markup_a_link_or_a_mention_in_a_chat(name: str, kind: str) -> None:
    text = chat_text([line(kind, task_type=name, queue=name, by=name, to=name, waiting=2)])
    assert text.count("\n") == 1
    outside = re.sub(r"`[^`]*`", "", text)
    assert "`" not in outside
    assert re.findall(r"<[^>]*>", text) == [f"<{URL}|Open>"]
    assert "@" not in outside


def test_the_three_signs_of_a_chat_are_escaped() -> None:
    assert "`&lt;!channel&gt; &amp;`" in chat_text([line(task_type="<!channel> &")])
