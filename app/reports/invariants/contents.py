"""What was sent is what is kept is what was decided: stored bytes, their hash, and the answers that name them.

Every body is opened and hashed, a batch at a time. Called by the checks of a live system.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

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

KEPT_CONTENT: Final = "what is kept is what was sent"
_BATCH: Final = 500


def check_contents(session: Session) -> Iterator[Violation]:
    """Yield where bytes, hashes and answers do not fit each other."""
    yield from find(session, KEPT_ANSWERS)
    yield from find(session, DECIDED_CONTENT)
    vault = vault_of(session)
    kept = session.execute(
        select(Submission.id, Submission.content_sha256, Content.data_key, Content.body).outerjoin(
            Content, Content.submission_id == Submission.id
        ),
        execution_options={"yield_per": _BATCH},
    )
    for row in kept:
        fault = _fault(vault, *row[1:])
        if fault is not None:
            yield Violation(KEPT_CONTENT, show("submission", row.id), fault)


def _fault(vault: Vault, digest: bytes, data_key: bytes | None, body: bytes | None) -> str | None:
    if data_key is None or body is None:
        return "has no content"
    try:
        plain = vault.unwrap(data_key).open(body, purpose="submission")
    except CannotOpen:
        return "has content that cannot be opened"
    return None if sha256(plain).digest() == digest else "has content with another hash"
