"""Read votes, decisions and drafts. Called by the flow out, the API and the desk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, text
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.kernel.errors import NotFound
from app.kernel.sealing import DataKey
from app.kernel.strict_json import decode
from app.queue.models import Claim, Item
from app.queue.queries import list_claims_beside
from app.review.models import Decision, Draft, ItemNote, Vote
from app.review.rules.answers import Answer, label_of
from app.review.rules.document import DecisionFacts, VoteFacts
from app.submissions.models import Content, Submission, TaskType
from app.submissions.queries import OpenSubmission, open_content
from app.submissions.rules.received import Received
from app.timekeeping.queries import ClaimSpan, running_ms


class NoSuchDecision(NotFound):
    """There is no such decision in this workspace."""


def get_decision(session: Session, *, workspace_id: UUID, decision_id: UUID) -> Decision:
    """Return a decision of this workspace, standing or not.

    Raises:
        NoSuchDecision: also when it is another workspace's.
    """
    found = session.scalar(select(Decision).where(Decision.id == decision_id, Decision.workspace_id == workspace_id))
    if found is None:
        raise NoSuchDecision
    return found


def find_vote(session: Session, *, claim_id: UUID) -> Vote | None:
    """Return the vote that was handed in under a claim, if one was."""
    return session.scalar(select(Vote).where(Vote.claim_id == claim_id))


def list_standing_votes(session: Session, *, item_id: UUID) -> list[Vote]:
    """Return the votes on an item that count, in order."""
    return list(session.scalars(select(Vote).where(Vote.item_id == item_id, Vote.counts).order_by(Vote.at, Vote.id)))


def open_body(sealed: bytes, key: DataKey) -> dict[str, Any]:
    """Return what a vote or a decision says."""
    body: dict[str, Any] = decode(key.open(sealed, purpose="verdict"))
    return body


def _as_corrected(received: Received, body: dict[str, Any]) -> Received:
    """Return a submission with the text of a correction in place of the model's."""
    args = {a["call_id"]: a["args"] for a in body["actions"]}
    return replace(
        received,
        output=body["output"],
        actions=tuple(replace(a, args=args[a.call_id]) for a in received.actions),
    )


def find_decision(session: Session, *, submission_id: UUID, key: DataKey) -> DecisionFacts | None:
    """Return the decision that stands for a submission, opened, with its votes."""
    decision = session.scalar(select(Decision).where(Decision.submission_id == submission_id, Decision.stands))
    if decision is None:
        return None
    votes = session.execute(
        select(Vote, Claim.channel)
        .join(Claim, Claim.id == Vote.claim_id)
        .where(Vote.item_id == decision.item_id, Vote.counts)
        .order_by(Vote.at, Vote.id)
    )
    return DecisionFacts(
        id=decision.id,
        status=decision.status,
        decided_by_kind=decision.decided_by_kind,
        decided_at=decision.decided_at,
        final_at=decision.final_at,
        late=decision.late,
        content_sha256=decision.content_sha256,
        superseded_by=decision.superseded_by,
        supersedes=decision.supersedes,
        body=open_body(decision.body, key),
        votes=[
            VoteFacts(v.person_id, v.verb, v.at, v.active_ms, v.late, channel, v.adjudicates) for v, channel in votes
        ],
    )


def standing_decision(session: Session, *, submission_id: UUID, key: DataKey) -> DecisionFacts:
    """Return the decision that stands for a submission that has one."""
    found = find_decision(session, submission_id=submission_id, key=key)
    assert found is not None, "the submission is decided"  # noqa: S101  # the caller has just seen to it
    return found


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


def standing_text(item: Item, votes: Sequence[Vote], *, received: Received, key: DataKey) -> tuple[Received, bool]:
    """Return the text that is to be judged after these votes, and whether it is a reviewer's correction.

    Reviewers who do not see each other all judge the model's own text.
    """
    if item.review_mode == "blind":
        return received, False
    corrections = [v for v in votes if v.verb == "correct" and not v.adjudicates]
    if not corrections:
        return received, False
    return _as_corrected(received, open_body(corrections[-1].body, key)), True


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


def count_decisions_since(session: Session, *, workspace_id: UUID, person_id: UUID, since: datetime) -> int:
    """Return how many verdicts a person has handed in from `since` on."""
    counted = select(func.count()).where(
        Vote.workspace_id == workspace_id, Vote.person_id == person_id, Vote.at >= since
    )
    return session.scalar(counted) or 0


# The newest verdicts of all; a bounded look by the primary key, which grows with time.
_RECENT_HANDLING = text("""
SELECT v.workspace_id, t.name, CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY v.active_ms) AS bigint), count(*)
  FROM (SELECT workspace_id, item_id, active_ms FROM votes ORDER BY id DESC LIMIT 10000) v
  JOIN items i ON i.id = v.item_id
  JOIN submissions s ON s.id = i.submission_id
  JOIN task_types t ON t.id = s.task_type_id
 WHERE v.active_ms > 0
 GROUP BY v.workspace_id, t.name
""")


def recent_handling(session: Session) -> list[tuple[UUID, str, int, int]]:
    """Return (workspace, task type, median active milliseconds, number) of the latest verdicts."""
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(_RECENT_HANDLING)]


# The newest verdicts and decisions of all, as above; a rate over less than an hour is scaled up to one.
_RECENT_WORK = text("""
WITH verdicts AS (
  SELECT i.queue_id, v.person_id, v.active_ms, v.at
    FROM (SELECT item_id, person_id, active_ms, at FROM votes ORDER BY id DESC LIMIT 10000) v
    JOIN items i ON i.id = v.item_id
), newest AS (
  SELECT item_id, decided_at FROM decisions WHERE decided_by_kind = 'human' ORDER BY id DESC LIMIT 10000
), span AS (
  SELECT CASE WHEN count(*) < 10000 THEN interval '1 hour'
              ELSE least(interval '1 hour', :now - min(decided_at)) END AS span FROM newest
), rate AS (
  SELECT i.queue_id, round(count(*) * 3600 / greatest(1, extract(epoch FROM (SELECT span FROM span)))) AS per_hour
    FROM newest JOIN items i ON i.id = newest.item_id
   WHERE newest.decided_at > :now - (SELECT span FROM span)
   GROUP BY i.queue_id
), usual AS (
  SELECT queue_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY active_ms) AS median_ms
    FROM verdicts WHERE active_ms > 0 GROUP BY queue_id
), at_work AS (
  SELECT queue_id, count(DISTINCT person_id) AS people
    FROM (SELECT queue_id, person_id FROM verdicts WHERE at > :now - interval '15 minutes'
           UNION ALL
          SELECT i.queue_id, c.person_id FROM claims c JOIN items i ON i.id = c.item_id
           WHERE c.ended_at IS NULL AND c.expires_at > :now) AS each
   GROUP BY queue_id
)
SELECT q.queue_id, coalesce(r.per_hour, 0), u.median_ms, coalesce(w.people, 0)
  FROM (SELECT queue_id FROM rate UNION SELECT queue_id FROM usual UNION SELECT queue_id FROM at_work) q
  LEFT JOIN rate r USING (queue_id) LEFT JOIN usual u USING (queue_id) LEFT JOIN at_work w USING (queue_id)
""")


def recent_work(session: Session, *, now: datetime) -> dict[UUID, tuple[int, int | None, int]]:
    """Return, by queue: decisions of the last hour, the median active milliseconds of a verdict, people at work."""
    rows = session.execute(_RECENT_WORK, {"now": now})
    return {row[0]: (int(row[1]), None if row[2] is None else int(row[2]), row[3]) for row in rows}
