"""Read what a reviewer is shown of the item that she holds. Called through app/review/queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.kernel.sealing import DataKey
from app.kernel.strict_json import decode
from app.queue.models import Claim, Item
from app.queue.queries import list_claims_beside
from app.review.models import Draft, ItemNote, Vote
from app.review.queries.verdicts import list_standing_votes, open_body, standing_text
from app.review.rules.answers import Answer, label_of
from app.submissions.models import Content, Submission, TaskType
from app.submissions.queries import OpenSubmission, open_content
from app.submissions.rules.received import Received
from app.timekeeping.queries import ClaimSpan, running_ms


@dataclass(frozen=True)
class NoteRow:
    """A note that somebody left; `kind` is the act that it explains."""

    person_id: UUID
    name: str
    kind: str
    at: datetime
    text: str


@dataclass(frozen=True)
class OpenClaim:
    """Everything that a reviewer is shown of the item she holds.

    `received` carries the text to judge: the model's, or the correction of an earlier reviewer (`corrected_before`).
    `answers` are what the reviewers said who disagree, for the lead who settles it, and empty for anybody else.
    """

    claim: Claim
    item: Item
    submission: Submission
    task_type: TaskType
    received: Received
    corrected_before: bool
    draft: dict[str, Any] | None
    draft_saved_at: datetime | None
    answers: tuple[Answer, ...] = ()
    notes: tuple[NoteRow, ...] = ()

    @property
    def blind(self) -> bool:
        """Say whether its reviewers judge without seeing each other; a lead who settles it does see."""
        return self.item.review_mode == "blind" and not self.item.adjudicating


def open_claim(session: Session, *, claim: Claim) -> OpenClaim:
    """Return what a claim shows to its holder."""
    item, opened, sealed_draft, saved_at = _open_all(session, claim)
    votes = list_standing_votes(session, item_id=item.id) if item.voters else []
    received, corrected = standing_text(item, votes, received=opened.received, key=opened.key)
    draft = None if sealed_draft is None else decode(opened.key.open(sealed_draft, purpose="draft"))
    shown = answers_of(votes, key=opened.key) if _settles(claim, item, votes) else []
    answers = tuple(answer for _, answer in shown)
    # Before the first claim nothing was written about an item, unless a lead gave it to somebody.
    noted = item.version > 1 and (item.review_mode != "blind" or item.adjudicating)
    return OpenClaim(
        claim,
        item,
        opened.submission,
        opened.task_type,
        received,
        corrected,
        draft,
        saved_at,
        answers,
        notes=tuple(_notes_beside(session, item, votes, opened.key)) if noted else (),
    )


def _open_all(session: Session, claim: Claim) -> tuple[Item, OpenSubmission, bytes | None, datetime | None]:
    """Return the item of a claim, its submission opened, and the draft of its holder, still sealed, in one look."""
    item, submission, task_type, content, draft, saved_at = session.execute(
        _OPEN, {"item": claim.item_id, "workspace": claim.workspace_id, "person": claim.person_id}
    ).one()
    return item, open_content(session, submission, task_type, content), draft, saved_at


_OPEN: Final = (
    select(Item, Submission, TaskType, Content, Draft.body, Draft.saved_at)
    .join(Submission, Submission.id == Item.submission_id)
    .join(TaskType, TaskType.id == Submission.task_type_id)
    .join(Content, Content.submission_id == Submission.id)
    .outerjoin(
        Draft, (Draft.item_id == Item.id) & (Draft.person_id == bindparam("person", type_=Uuid)) & Draft.lost.is_(False)
    )
    .where(Item.id == bindparam("item", type_=Uuid), Item.workspace_id == bindparam("workspace", type_=Uuid))
    # Statements that are written out change rows past the session's cache.
    .execution_options(populate_existing=True)
)


def _notes_beside(session: Session, item: Item, votes: Sequence[Vote], key: DataKey) -> list[NoteRow]:
    """Return the notes on an item; where answers are shown without names, none by whoever gave one."""
    nameless = {v.person_id for v in votes} if item.adjudicating else set()
    return [note for note in list_notes(session, item_id=item.id, key=key) if note.person_id not in nameless]


def _settles(claim: Claim, item: Item, votes: Sequence[Vote]) -> bool:
    """Say whether this is the claim of the lead who settles a disagreement; one who has voted is shown nothing."""
    return item.adjudicating and claim.token == item.token and claim.person_id not in {v.person_id for v in votes}


def answers_of(votes: Sequence[Vote], *, key: DataKey) -> list[tuple[Vote, Answer]]:
    """Return what the reviewers said who disagree, in an order that stays as it is and tells nothing of them."""
    said = [vote for vote in votes if not vote.adjudicates]
    said.sort(key=lambda vote: key.mark(vote.id.bytes, purpose="order of answers"))
    return [(vote, _answer(place, vote, open_body(vote.body, key))) for place, vote in enumerate(said)]


def _answer(place: int, vote: Vote, body: dict[str, Any]) -> Answer:
    return Answer(label_of(place), vote.verb, body["output"], body["actions"], body["reason_codes"], body["message"])


def list_notes(session: Session, *, item_id: UUID, key: DataKey) -> list[NoteRow]:
    """Return what people left for whoever has the item next, the oldest first."""
    rows = session.execute(
        select(ItemNote, Person.name)
        .join(Person, Person.id == ItemNote.person_id)
        .where(ItemNote.item_id == item_id)
        .order_by(ItemNote.at, ItemNote.id)
    )
    return [
        NoteRow(note.person_id, name, note.kind, note.at, decode(key.open(note.body, purpose="note"))["text"])
        for note, name in rows
    ]


def running_time(session: Session, *, claim: Claim, at: datetime) -> int:
    """Return the active milliseconds of a live claim so far, as they would be posted if it ended at `at`."""
    beside = [span_of(c) for c in list_claims_beside(session, claim=claim, until=at)]
    return running_ms(session, claim=span_of(claim), beside=beside, at=at)


def span_of(claim: Claim) -> ClaimSpan:
    """Return a claim as timekeeping sees it."""
    return ClaimSpan(claim.id, claim.person_id, claim.claimed_at, claim.ended_at, claim.cap_ms)


def find_draft(
    session: Session, *, item_id: UUID, person_id: UUID, key: DataKey
) -> tuple[dict[str, Any] | None, datetime | None]:
    """Return what a person last typed for an item and did not hand in, and when that was saved."""
    draft = session.execute(
        select(Draft.body, Draft.saved_at).where(
            Draft.item_id == item_id, Draft.person_id == person_id, Draft.lost.is_(False)
        )
    ).one_or_none()
    if draft is None:
        return None, None
    body: dict[str, Any] = decode(key.open(draft.body, purpose="draft"))
    return body, draft.saved_at
