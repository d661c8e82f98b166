"""How long reviews take: active time of verdicts, by what came of them and by whatever else one may ask for.

A mean alone hides who reads and who clicks, so the median, the ninetieth percentile and a trimmed mean stand beside
it. Never by person: a reviewer's pace is hers and her lead's. Called by the reports API and its page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid as UuidType
from sqlalchemy import and_, case, cast, func, null, select
from sqlalchemy.orm import Session

from app.kernel.errors import Fault, Invalid
from app.queue.models import Item, Queue
from app.reports.cost_query import GROUPS, expressions
from app.reports.ledger import STATUS_OF_VERB
from app.review.models import Vote
from app.submissions.models import Submission, TaskType

HANDLING_GROUPS: Final = tuple(word for word in GROUPS if word != "person")
#: The shortest and the longest twentieth are left out of the trimmed mean.
TRIMMED: Final = 0.05


class UnknownHandlingGroup(Invalid):
    """How long reviews take is grouped by one or more of its known words."""


@dataclass(frozen=True)
class HandlingRow:
    """Reviews of one group. Times are active milliseconds of a verdict.

    `trimmed_ms` is the mean without the shortest and the longest twentieth, `trimmed_share` the share of all time that
    those take.
    """

    group: dict[str, str | None]
    reviews: int
    mean_ms: float
    median_ms: float
    p90_ms: float
    trimmed_ms: float
    trimmed_share: float


def check_handling_groups(words: list[str]) -> tuple[str, ...]:
    """Return the words of a grouping once each.

    Raises:
        UnknownHandlingGroup: one is not known, or is the person.
    """
    if any(word not in HANDLING_GROUPS for word in words):
        raise UnknownHandlingGroup(faults=[Fault("group_by", f"takes {', '.join(HANDLING_GROUPS)}")])
    return tuple(dict.fromkeys(words))


def read_handling(
    session: Session,
    *,
    workspace_id: UUID,
    group_by: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    tz: str,
    as_of: datetime,
) -> list[HandlingRow]:
    """Return how long the reviews of a period took, the group with most of them first."""
    outcome = case(STATUS_OF_VERB, value=Vote.verb)
    known = expressions(tz, at=Vote.at, person=cast(null(), UuidType), outcome=outcome)
    names = [f"g{n}" for n in range(len(group_by))]
    wanted: list[Any] = [Vote.workspace_id == workspace_id, Vote.at <= as_of]
    wanted += [Vote.at >= since] if since is not None else []
    wanted += [Vote.at < until] if until is not None else []
    reviews = (
        select(
            *(known[word].label(name) for word, name in zip(group_by, names, strict=True)), Vote.active_ms.label("ms")
        )
        .select_from(Vote)
        .join(Item, Item.id == Vote.item_id)
        .join(Queue, Queue.id == Item.queue_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(*wanted)
        .cte("reviews")
    )
    keys = [reviews.c[name] for name in names]

    def share(part: float) -> Any:
        return func.percentile_cont(part).within_group(reviews.c.ms)

    cuts = select(
        *keys,
        share(TRIMMED).label("low"),
        share(0.5).label("median"),
        share(0.9).label("p90"),
        share(1 - TRIMMED).label("high"),
    ).group_by(*keys)
    bounds = cuts.cte("bounds")
    inside = reviews.c.ms.between(bounds.c.low, bounds.c.high)
    same = and_(True, *(reviews.c[name].is_not_distinct_from(bounds.c[name]) for name in names))
    found = session.execute(
        select(
            *keys,
            func.count(),
            func.avg(reviews.c.ms),
            bounds.c.median,
            bounds.c.p90,
            func.avg(reviews.c.ms).filter(inside),
            func.coalesce(func.sum(reviews.c.ms).filter(~inside), 0) / func.nullif(func.sum(reviews.c.ms), 0),
        )
        .join(bounds, same)
        .group_by(*keys, bounds.c.median, bounds.c.p90)
        .order_by(func.count().desc(), *keys)
    )
    return [_row(group_by, row) for row in found]


def _row(group_by: tuple[str, ...], row: Any) -> HandlingRow:
    *key, reviews, mean, median, p90, trimmed, share = row
    group = {word: None if value is None else str(value) for word, value in zip(group_by, key, strict=True)}
    inner = mean if trimmed is None else trimmed
    return HandlingRow(group, reviews, *(float(number) for number in (mean, median, p90, inner, share or 0)))
