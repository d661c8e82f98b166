"""Keep how a person wants to be told. Called by the account page and the preferences API, for that person alone."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.notifications.models import Notification, NotificationPreference
from app.notifications.rules.habits import Habits, check_habits
from app.notifications.rules.kinds import PENDING


def choose_habits(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, habits: Habits
) -> Habits:
    """Keep a person's choice for one workspace and return it, with a mode for every kind.

    What is pending for her is asked again at once, so that the choice counts for it too.

    Raises:
        BadHabits: it cannot be kept.
    """
    checked = check_habits(habits)
    values = {**asdict(checked), "modes": dict(checked.modes), "updated_at": now}
    choice = insert(NotificationPreference).values(workspace_id=workspace_id, person_id=person_id, **values)
    session.execute(
        choice.on_conflict_do_update(
            index_elements=[NotificationPreference.workspace_id, NotificationPreference.person_id], set_=values
        )
    )
    session.execute(
        update(Notification)
        .where(
            Notification.person_id == person_id,
            Notification.workspace_id == workspace_id,
            Notification.state == PENDING,
        )
        .values(leaves_at=now)
        .execution_options(synchronize_session=False)
    )
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="notifications.chosen",
        subject_kind="person",
        subject_id=person_id,
        details={"modes": dict(checked.modes), "quiet": checked.quiet_from is not None},
    )
    return checked
