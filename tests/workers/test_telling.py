"""Telling people: a real mail server, a real receiver, a real database, and everything that may happen in between."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.adapters.http_sender import HttpSender
from app.adapters.mail import SmtpMailer
from app.audit.rules import COMMAND
from app.kernel.clock import read_now
from app.notifications.models import ChatHook, Message, Notification
from app.notifications.rules.habits import Habits
from app.notifications.rules.kinds import AT_ONCE, DAILY, DROPPED, DUE, DUE_SOON, KINDS, OFF, PARKED, SENT, WAITING
from app.notifications.service import (
    bundle,
    choose_habits,
    disable_hook,
    register_hook,
    send_trial,
    spread,
    tell_due_soon,
    tell_handed_over,
    tell_waiting,
)
from app.queue.models import Item
from tests.factories.people import add_person
from tests.factories.reviewing import take
from tests.factories.work import add_item
from tests.workers.conftest import Desk
from tests.workers.mailboxes import Mailbox, mailbox
from tests.workers.receivers import listening, reply
from workers.task import Tools
from workers.telling import next_telling, tell

BASE = "https://desk.example"


def mailing(tools: Tools, box: Mailbox) -> Tools:
    """Return tools that send mail to this mailbox."""
    return replace(tools, mailer=SmtpMailer(box.url, sender="desk@acme.example"), base_url=BASE)


def tell_of(desk: Desk, how: Callable[..., None], **parts: Any) -> None:
    """Have news, committed."""
    with desk.database.unit_of_work() as session:
        how(session, now=read_now(session), workspace_id=desk.workspace_id, **parts)


def put_item(desk: Desk, **changes: Any) -> UUID:
    """Put an item in line, changed as the test needs it, and return its id."""
    with desk.database.unit_of_work() as session:
        item = add_item(session, desk.workspace_id)
        for name, value in changes.items():
            setattr(item, name, value)
        return item.id


def hand_over(desk: Desk, by: UUID | None = None) -> UUID:
    """Give an item to the desk's reviewer by name, and say so."""
    item_id = put_item(desk, assigned_to=desk.person_id)
    tell_of(desk, tell_handed_over, item_id=item_id, to_person=desk.person_id, by_person=by)
    return item_id


def want(desk: Desk, **habits: Any) -> None:
    """Choose the reviewer's habits."""
    with desk.database.unit_of_work() as session:
        choose_habits(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=desk.workspace_id,
            person_id=desk.person_id,
            habits=Habits(**habits),
        )


def put_together(session: Session, *, mail: bool = True) -> None:
    """Spread all news and make messages of it, without sending them."""
    spread(session, now=read_now(session), mail=mail, limit=100)
    bundle(session, now=read_now(session), mail=mail, limit=100)


def states(desk: Desk, model: type[Notification | Message] = Message) -> list[str]:
    """Return the states of all rows, in the order in which they were made."""
    with desk.database.unit_of_work() as session:
        return list(session.scalars(select(model.state).order_by(model.made_at, model.id)))


def run(desk: Desk, statement: str) -> None:
    """Change rows as time would."""
    with desk.database.unit_of_work() as session:
        session.execute(text(statement))


def test_what_was_handed_over_arrives_as_a_mail_with_a_link_to_it(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        ben = add_person(session, desk.workspace_id, "ben")
    item_id = hand_over(desk, ben)
    with mailbox() as box:
        assert tell(mailing(tools, box)) == 1
        assert tell(mailing(tools, box)) == 0
    (mail,) = box.mails
    assert mail["To"].addresses[0].addr_spec == "ada@example.org"
    assert mail["Subject"] == "[Proofdesk] 1 handed over"
    assert mail["List-Unsubscribe"] == f"<{BASE}/account#notifications>"
    body = mail.get_content()
    assert f"{BASE}/items/it_{item_id.hex}" in body
    assert "address in default by ben" in body
    assert "Bern" not in mail.as_string()
    assert (states(desk), states(desk, Notification)) == ([SENT], [SENT])


def test_many_things_of_a_moment_are_one_mail_and_the_next_one_waits(desk: Desk, tools: Tools) -> None:
    hand_over(desk)
    for _ in range(3):
        tell_of(desk, tell_due_soon, item_id=put_item(desk))
    with mailbox() as box:
        tell(mailing(tools, box))
        hand_over(desk)
        tell(mailing(tools, box))
        assert [mail["Subject"] for mail in box.mails] == ["[Proofdesk] 1 handed over, 3 due soon"]
        run(desk, "UPDATE messages SET made_at = made_at - interval '2 minutes'")
        run(desk, "UPDATE notifications SET leaves_at = clock_timestamp() WHERE state = 'pending'")
        tell(mailing(tools, box))
    assert len(box.mails) == 2


def test_what_is_over_when_it_could_leave_is_not_sent(desk: Desk, tools: Tools) -> None:
    taken = hand_over(desk)
    want(desk, modes=dict.fromkeys(KINDS, AT_ONCE))
    with mailbox() as box:
        # Spread and put together first; then the item is taken, and the message finds nothing left to say.
        with desk.database.unit_of_work() as session:
            put_together(session)
            take(session, desk.workspace_id, desk.person_id, item_id=taken)
        tell(mailing(tools, box))
    assert box.mails == []
    assert (states(desk), states(desk, Notification)) == ([DROPPED], [DROPPED])


def test_work_that_waits_is_found_by_looking_and_told_once_to_those_who_may_take_it(desk: Desk, tools: Tools) -> None:
    want(desk, modes={WAITING: AT_ONCE})
    with desk.database.unit_of_work() as session:
        stranger = add_person(session, desk.workspace_id, "zoe", queues=["other"])
        choose_habits(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=desk.workspace_id,
            person_id=stranger,
            habits=Habits(modes={WAITING: AT_ONCE}),
        )
    for _ in range(3):
        put_item(desk)
    with mailbox() as box:
        tell(mailing(tools, box))
        tell(mailing(tools, box))
    (mail,) = box.mails
    assert "default: 3 items that you may take" in mail.get_content()
    assert f"{BASE}/review" in mail.get_content()


def test_nobody_is_told_of_work_that_she_may_not_take(desk: Desk, tools: Tools) -> None:
    want(desk, modes={WAITING: AT_ONCE})
    item_id = put_item(desk, skills=["tax"])
    with desk.database.unit_of_work() as session:
        queue_id = session.get_one(Item, item_id).queue_id
    tell_of(desk, tell_waiting, queue_id=queue_id)
    tell_of(desk, tell_waiting, queue_id=queue_id)
    with mailbox() as box:
        tell(mailing(tools, box))
    assert box.mails == []
    assert states(desk) == [DROPPED]


@pytest.mark.parametrize("mode", [OFF, DAILY])
def test_what_is_switched_off_or_comes_later_does_not_leave_now(desk: Desk, tools: Tools, mode: str) -> None:
    want(desk, modes=dict.fromkeys(KINDS, mode), daily_at=(desk_time(desk) + timedelta(hours=2)).time())
    hand_over(desk)
    with mailbox() as box:
        tell(mailing(tools, box))
        assert box.mails == []
        assert states(desk) == []
        # Changing her mind counts for what is pending.
        want(desk, modes=dict.fromkeys(KINDS, AT_ONCE))
        tell(mailing(tools, box))
    assert len(box.mails) == (1 if mode == DAILY else 0)


def desk_time(desk: Desk) -> Any:
    with desk.database.unit_of_work() as session:
        return read_now(session)


def test_in_quiet_hours_nothing_leaves(desk: Desk, tools: Tools) -> None:
    now = desk_time(desk)
    want(desk, quiet_from=(now - timedelta(hours=1)).time(), quiet_until=(now + timedelta(hours=1)).time())
    hand_over(desk)
    with mailbox() as box:
        tell(mailing(tools, box))
    assert box.mails == []
    with desk.database.unit_of_work() as session:
        (waiting,) = session.scalars(select(Notification))
        assert waiting.leaves_at == now + timedelta(hours=1)


def test_two_workers_send_each_message_once(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        people = [add_person(session, desk.workspace_id, f"p{n}") for n in range(12)]
    for person_id in people:
        item_id = put_item(desk, assigned_to=person_id)
        tell_of(desk, tell_handed_over, item_id=item_id, to_person=person_id, by_person=None)
    with mailbox() as box:
        both = [threading.Thread(target=tell, args=(mailing(tools, box),)) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join(30)
        tell(mailing(tools, box))
    assert sorted(mail["To"].addresses[0].username for mail in box.mails) == sorted(f"p{n}" for n in range(12))
    assert set(states(desk)) == {SENT}


def test_a_mail_that_was_refused_for_now_is_tried_again_with_the_same_id(desk: Desk, tools: Tools) -> None:
    hand_over(desk)
    with mailbox({"MAIL_END": "451 later"}) as busy:
        tell(mailing(tools, busy))
    assert states(desk) == [DUE]
    run(desk, "UPDATE messages SET next_attempt_at = clock_timestamp()")
    with mailbox() as box:
        tell(mailing(tools, box))
    assert states(desk) == [SENT]
    assert busy.mails[0]["Message-ID"] == box.mails[0]["Message-ID"]


def test_a_worker_that_died_before_it_wrote_down_what_it_sent_sends_again_and_no_sooner(
    desk: Desk, tools: Tools
) -> None:
    hand_over(desk)
    with mailbox() as box:
        tell(mailing(tools, box))
        # As it is after a kill between the sending and the writing down.
        run(desk, "UPDATE messages SET state='due', settled_at=NULL, attempts=0, leased_until=next_attempt_at")
        run(desk, "UPDATE messages SET next_attempt_at = clock_timestamp() + interval '1 minute'")
        run(desk, "UPDATE notifications SET state='bundled', settled_at=NULL")
        assert tell(mailing(tools, box)) == 0
        run(desk, "UPDATE messages SET next_attempt_at = clock_timestamp()")
        assert tell(mailing(tools, box)) == 1
    assert len({mail["Message-ID"] for mail in box.mails}) == 1
    assert len(box.mails) == 2


def test_an_address_that_is_refused_for_good_is_parked_at_once(desk: Desk, tools: Tools) -> None:
    hand_over(desk)
    with mailbox({"RCPT": "550 nobody here"}) as box:
        tell(mailing(tools, box))
    assert (states(desk), states(desk, Notification)) == ([PARKED], [PARKED])


def test_without_a_mail_server_nobody_is_told_and_nothing_piles_up(desk: Desk, tools: Tools) -> None:
    hand_over(desk)
    assert tell(tools) == 0
    assert (states(desk), states(desk, Notification)) == ([], [])
    with desk.database.unit_of_work() as session:
        due = next_telling(tools)(session)
        assert due is None or due > read_now(session)


def test_somebody_who_was_disabled_is_told_nothing(desk: Desk, tools: Tools) -> None:
    hand_over(desk)
    with desk.database.unit_of_work() as session:
        put_together(session)
    run(desk, "UPDATE people SET disabled_at = clock_timestamp()")
    with mailbox() as box:
        tell(mailing(tools, box))
    assert box.mails == []
    assert states(desk) == [DROPPED]


def add_hook(desk: Desk, url: str, **parts: Any) -> ChatHook:
    """Register a chat hook for due items, or as the test says."""
    values: dict[str, Any] = {"name": "desk", "kinds": [DUE_SOON], "queues": [], **parts}
    with desk.database.unit_of_work() as session:
        return register_hook(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=desk.workspace_id,
            url=url,
            allow_private=True,
            **values,
        )


def test_a_chat_is_told_of_its_kinds_in_one_post(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        add_hook(desk, receiver.url)
        items = [put_item(desk) for _ in range(2)]
        for item_id in items:
            tell_of(desk, tell_due_soon, item_id=item_id)
        hand_over(desk)
        assert tell(tools) == 1
    posted = orjson.loads(receiver.body())
    assert set(posted) == {"text"}
    assert posted["text"].count("`address` in `default`") == 2
    assert all(f"/items/it_{item_id.hex}|Open>" in posted["text"] for item_id in items)


def test_a_trial_says_that_it_is_one(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        hook = add_hook(desk, receiver.url)
        with desk.database.unit_of_work() as session:
            send_trial(session, now=read_now(session), actor=COMMAND, hook=hook)
        assert tell(tools) == 1
    assert "trial" in orjson.loads(receiver.body())["text"]


def test_a_chat_that_knows_the_hook_no_more_is_not_called_again_and_the_address_is_destroyed(
    desk: Desk, tools: Tools
) -> None:
    with listening(reply(404)) as receiver:
        hook = add_hook(desk, receiver.url)
        tell_of(desk, tell_due_soon, item_id=put_item(desk))
        tell(tools)
        tell_of(desk, tell_due_soon, item_id=put_item(desk))
        tell(tools)
    assert len(receiver.requests) == 1
    assert states(desk) == [PARKED]
    with desk.database.unit_of_work() as session:
        gone = session.get_one(ChatHook, hook.id)
        assert (gone.disabled_why, gone.url) == ("answered 404", None)


def test_what_was_on_its_way_to_a_hook_that_is_disabled_is_dropped(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        hook = add_hook(desk, receiver.url)
        tell_of(desk, tell_due_soon, item_id=put_item(desk))
        with desk.database.unit_of_work() as session:
            put_together(session, mail=False)
            disable_hook(session, now=read_now(session), actor=COMMAND, hook=session.merge(hook), why="by an admin")
        tell(tools)
    assert receiver.requests == []
    assert states(desk) == [DROPPED]


def test_a_hook_that_resolves_inside_is_not_called(desk: Desk, tools: Tools) -> None:
    strict = HttpSender(allow_private=False, resolver=lambda _host, _port: ["127.0.0.1"])
    with listening(reply(200)) as receiver:
        add_hook(desk, "https://chat.example/hook/1")
        tell_of(desk, tell_due_soon, item_id=put_item(desk))
        tell(replace(tools, sender=strict))
    assert receiver.requests == []
    with desk.database.unit_of_work() as session:
        assert session.scalars(select(Message.problem)).one() == "address refused"


def test_no_transaction_is_open_while_a_mail_server_is_awaited(desk: Desk, tools: Tools) -> None:
    open_transactions: list[int] = []

    def look(_box: Mailbox) -> None:
        threading.Event().wait(0.3)
        with desk.database.engine.connect() as looking:
            found = looking.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    # What PostgreSQL cleans up by itself meanwhile is no transaction of ours.
                    " AND backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '200 ms'"
                )
            )
            open_transactions.append(found or 0)

    hand_over(desk)
    with mailbox(arrived=look) as box:
        tell(mailing(tools, box))
    assert open_transactions == [0]
