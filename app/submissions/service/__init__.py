"""The only writers of submissions: task types, submissions with their contents, and idempotent answers."""

from app.submissions.service.finding import WRAPPED_KEYS, make_findable
from app.submissions.service.idempotency import Asked, Kept, StillRunning, answer_each_once, answer_once
from app.submissions.service.outcomes import record_outcome, reveal
from app.submissions.service.submissions import (
    CONTENTS,
    SUBMISSIONS,
    WRAPPED,
    NewSubmission,
    content_row,
    reopen_submission,
    settle_submission,
    submission_row,
)
from app.submissions.service.task_types import TaskTypeDefinition, define_task_type

__all__ = [
    "CONTENTS",
    "SUBMISSIONS",
    "WRAPPED",
    "WRAPPED_KEYS",
    "Asked",
    "Kept",
    "NewSubmission",
    "StillRunning",
    "TaskTypeDefinition",
    "answer_each_once",
    "answer_once",
    "content_row",
    "define_task_type",
    "make_findable",
    "record_outcome",
    "reopen_submission",
    "reveal",
    "settle_submission",
    "submission_row",
]
