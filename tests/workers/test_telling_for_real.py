"""Telling people by the workers as they really run: without Redis, and though the sweeper is killed."""

import os
import signal
from pathlib import Path

from app.kernel.clock import read_now
from app.notifications.service import tell_handed_over
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.work import add_item
from tests.workers.conftest import Desk
from tests.workers.mailboxes import mailbox
from tests.workers.processes import eventually, running

NO_REDIS = "redis://127.0.0.1:1/0"
# The longest pause of a sweeper, and the start of a process on a busy machine.
WITHIN_SECONDS = 60


def hand_over(desk: Desk) -> None:
    """Give an item to the reviewer by name, and say so."""
    with desk.database.unit_of_work() as session:
        item = add_item(session, desk.workspace_id)
        item.assigned_to = desk.person_id
        tell_handed_over(
            session,
            now=read_now(session),
            workspace_id=desk.workspace_id,
            item_id=item.id,
            to_person=desk.person_id,
            by_person=None,
        )


def test_a_mail_leaves_without_redis_and_after_the_sweeper_was_killed(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "workers.log"
    with mailbox() as box:
        settings = Settings(database_url, NO_REDIS, SECRET, smtp_url=box.url, mail_from="desk@acme.example")
        with running(settings, log) as workers:
            sweeper = workers.children()["sweeper"]
            os.kill(sweeper, signal.SIGKILL)
            hand_over(desk)
            assert eventually(lambda: box.mails, within_seconds=WITHIN_SECONDS), log.read_text()
    (mail,) = box.mails
    assert mail["Subject"] == "[Proofdesk] 1 handed over"
    assert "/items/it_" in mail.get_content()
