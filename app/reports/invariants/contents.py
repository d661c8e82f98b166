"""What was sent is what is kept is what was decided: stored bytes, their hash, and the answers that name them.

Every body is opened and hashed, a batch at a time. Called by the checks of a live system.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from sqlalchemy import Executable, select
from sqlalchemy.orm import Session

from app.files.models import File, FileContent
from app.kernel.ids import show
from app.kernel.sealing import CannotOpen, Vault, vault_of
from app.reports.invariants.check import Check, Violation, find
from app.submissions.models import Content, Submission

# The answer is kept as the bytes that were sent, so the id is looked for in them as it is written there.
KEPT_ANSWERS: Final = Check(
    "a kept answer has its submission",
    "key",
    """
SELECT a.key_id, format('answered %s for a submission that %s', a.idempotency_key,
                        CASE WHEN s.id IS NULL THEN 'is missing'
                             WHEN s.workspace_id <> k.workspace_id THEN 'belongs to another workspace'
                             ELSE 'the answer does not name' END)
  FROM idempotent_answers a
  JOIN api_keys k ON k.id = a.key_id
  LEFT JOIN submissions s ON s.id = a.submission_id
 WHERE a.submission_id IS NOT NULL
   AND (s.id IS NULL OR s.workspace_id <> k.workspace_id
        OR position(convert_to('sub_' || replace(s.id::text, '-', ''), 'UTF8') IN a.body) = 0)
""",
)

DECIDED_CONTENT: Final = Check(
    "what was decided is what was sent",
    "decision",
    """
SELECT d.id, 'is about other content than its submission holds'
  FROM decisions d LEFT JOIN submissions s ON s.id = d.submission_id
 WHERE d.content_sha256 IS DISTINCT FROM s.content_sha256
""",
)

ATTACHED: Final = Check(
    "a submission shows files of its own workspace",
    "submission",
    """
SELECT a.submission_id, 'shows a file of another workspace'
  FROM attachments a JOIN submissions s ON s.id = a.submission_id JOIN files f ON f.id = a.file_id
 WHERE f.workspace_id <> s.workspace_id
""",
)

KEPT_CONTENT: Final = "what is kept is what was sent"
_BATCH: Final = 500
# A file may have ten megabytes.
_FILES: Final = 10


def check_contents(session: Session) -> Iterator[Violation]:
    """Yield where bytes, hashes and answers do not fit each other."""
    yield from find(session, KEPT_ANSWERS)
    yield from find(session, DECIDED_CONTENT)
    yield from find(session, ATTACHED)
    of_submissions = select(Submission.id, Submission.content_sha256, Content.data_key, Content.body)
    of_submissions = of_submissions.outerjoin(Content, Content.submission_id == Submission.id)
    yield from _unlike(session, of_submissions, kind="submission", batch=_BATCH)
    of_files = select(File.id, File.sha256, FileContent.data_key, FileContent.body)
    of_files = of_files.outerjoin(FileContent, FileContent.file_id == File.id)
    yield from _unlike(session, of_files, kind="file", batch=_FILES)


def _unlike(session: Session, kept: Executable, *, kind: str, batch: int) -> Iterator[Violation]:
    """Yield those whose bytes are not what was sent; `kind` is what they are and for what they were sealed."""
    vault = vault_of(session)
    for subject, *stored in session.execute(kept, execution_options={"yield_per": batch}):
        fault = _fault(vault, kind, *stored)
        if fault is not None:
            yield Violation(KEPT_CONTENT, show(kind, subject), fault)


def _fault(vault: Vault, purpose: str, digest: bytes, data_key: bytes | None, body: bytes | None) -> str | None:
    if data_key is None or body is None:
        return "has no content"
    try:
        plain = vault.unwrap(data_key).open(body, purpose=purpose)
    except CannotOpen:
        return "has content that cannot be opened"
    return None if sha256(plain).digest() == digest else "has content with another hash"
