"""The only writers of submissions: task types, submissions with their contents, and idempotent answers."""

from app.submissions.service.idempotency import Kept, StillRunning, answer_once
from app.submissions.service.submissions import (
    WRAPPED,
    NewSubmission,
    keep_submission,
    reopen_submission,
    settle_submission,
)
from app.submissions.service.task_types import TaskTypeDefinition, define_task_type

__all__ = [
    "WRAPPED",
    "Kept",
    "NewSubmission",
    "StillRunning",
    "TaskTypeDefinition",
    "answer_once",
    "define_task_type",
    "keep_submission",
    "reopen_submission",
    "settle_submission",
]
