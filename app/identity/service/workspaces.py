"""Make workspaces. A workspace is a tenant: nothing of one is ever seen from another.

Called by the command line and the start of an empty installation.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.audit.service import record
from app.identity.models import Workspace
from app.identity.queries import WorkspaceRow
from app.identity.rules import check_name
from app.kernel.errors import Conflict
from app.kernel.ids import new_id


class WorkspaceExists(Conflict):
    """A workspace of this name exists already."""


def create_workspace(session: Session, *, now: datetime, name: str, actor: Actor = COMMAND) -> WorkspaceRow:
    """Make a workspace. Only the command line does so, hence the usual actor.

    Raises:
        BadName: the name cannot be used.
        WorkspaceExists: another has this name.
    """
    checked = check_name(name)
    workspace_id: UUID | None = session.scalar(
        insert(Workspace)
        .values(id=new_id(), name=checked, created_at=now)
        .on_conflict_do_nothing(index_elements=[Workspace.name])
        .returning(Workspace.id)
    )
    if workspace_id is None:
        raise WorkspaceExists
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="workspace.created",
        subject_kind="workspace",
        subject_id=workspace_id,
    )
    return WorkspaceRow(workspace_id, checked)
