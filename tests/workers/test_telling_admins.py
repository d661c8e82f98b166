"""Whoever administers is told when an endpoint is given up; what was put right by then is not told."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.audit.rules import COMMAND
from app.delivery.models import Endpoint
from app.delivery.service import change_endpoint, disable_endpoint
from app.kernel.clock import read_now
from app.notifications.models import Message, Notice
from app.notifications.rules.habits import Habits
from app.notifications.rules.kinds import ENDPOINT_DISABLED, OFF
from app.notifications.service import choose_habits
from tests.factories.people import add_person
from tests.workers.conftest import Desk
from tests.workers.mailboxes import mailbox
from tests.workers.receivers import listening, reply
from tests.workers.test_telling import mailing, states
from workers.deliveries import send_due
from workers.task import Tools
from workers.telling import tell


@pytest.fixture
def admin(desk: Desk) -> Any:
    """Somebody who administers and does not review."""
    with desk.database.unit_of_work() as session:
        return add_person(session, desk.workspace_id, "adam", roles=["admin"])


def give_up(desk: Desk, tools: Tools) -> Endpoint:
    """Have an endpoint answer that it is gone."""
    with listening(reply(410)) as receiver:
        endpoint, _ = desk.register(receiver.url)
        desk.decide(endpoint)
        send_due(tools)
    return endpoint


def notices(desk: Desk) -> list[str]:
    with desk.database.unit_of_work() as session:
        return list(session.scalars(select(Notice.kind)))


def test_admins_are_told_where_nothing_is_sent_any_more_and_why(desk: Desk, tools: Tools, admin: Any) -> None:
    with mailbox() as box:
        endpoint = give_up(desk, tools)
        assert notices(desk) == [ENDPOINT_DISABLED]
        tell(mailing(tools, box))
        (mail,) = box.mails
    assert mail["To"].addresses[0].addr_spec == "adam@example.org"
    said = mail.get_content()
    assert "127.0.0.1: answered 410 Gone" in said
    assert f"/admin/endpoints/ep_{endpoint.id.hex}" in said
    assert "1 endpoint disabled" in mail["Subject"]


def test_one_that_failed_for_days_is_told_of_once(desk: Desk, tools: Tools, admin: Any) -> None:
    with listening(reply(500)) as receiver:
        endpoint, _ = desk.register(receiver.url)
        for _ in range(3):
            desk.decide(endpoint)
        with desk.database.unit_of_work() as session:
            begun = read_now(session) - timedelta(days=6)
            session.execute(
                text("UPDATE endpoints SET failures = 1, failing_since = :at WHERE id = :id"),
                {"at": begun, "id": endpoint.id},
            )
        send_due(tools)
    assert notices(desk) == [ENDPOINT_DISABLED]


def test_who_disabled_it_herself_tells_nobody(desk: Desk, admin: Any) -> None:
    with listening(reply(200)) as receiver:
        endpoint, _ = desk.register(receiver.url)
    with desk.database.unit_of_work() as session:
        kept = session.get_one(Endpoint, endpoint.id)
        disable_endpoint(session, now=read_now(session), actor=COMMAND, endpoint=kept, why="disabled by an admin")
    assert notices(desk) == []


def test_one_that_is_enabled_again_by_then_is_not_told_of(desk: Desk, tools: Tools, admin: Any) -> None:
    with mailbox() as box:
        endpoint = give_up(desk, tools)
        with desk.database.unit_of_work() as session:
            kept = session.get_one(Endpoint, endpoint.id)
            change_endpoint(
                session,
                now=read_now(session),
                actor=COMMAND,
                endpoint=kept,
                url=None,
                types=None,
                enabled=True,
                allow_private=True,
            )
        tell(mailing(tools, box))
        assert box.mails == []
    assert states(desk, Message) == ["dropped"]


def test_an_admin_may_choose_not_to_be_told(desk: Desk, tools: Tools, admin: Any) -> None:
    with desk.database.unit_of_work() as session:
        habits = Habits(modes={ENDPOINT_DISABLED: OFF})
        now = read_now(session)
        choose_habits(session, now=now, actor=COMMAND, workspace_id=desk.workspace_id, person_id=admin, habits=habits)
    with mailbox() as box:
        give_up(desk, tools)
        tell(mailing(tools, box))
        assert box.mails == []
