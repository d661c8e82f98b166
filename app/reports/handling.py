"""How long reviews take: active time of verdicts, by what came of them and by whatever else one may ask for.

A mean alone hides who reads and who clicks, so the median, the ninetieth percentile and a trimmed mean stand beside
it. Never by person: a reviewer's pace is hers and her lead's. Called by the reports API and its page.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, and_, case, func, select
from sqlalchemy.orm import Session

from app.kernel.errors import Fault, Invalid
from app.queue.models import Item, Queue
from app.reports.cost_query import GROUPS, NOBODY, CostQuery, columns, within
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


def read_handling(session: Session, *, workspace_id: UUID, query: CostQuery) -> list[HandlingRow]:
    """Return how long the reviews of a period took, the group with most of them first; its currency has no say."""
    reviews = _reviews(workspace_id, query)
    keys = [reviews.c[f"g{n}"] for n in range(len(query.group_by))]
    bounds = _bounds(reviews, keys)
    inside = reviews.c.ms.between(bounds.c.low, bounds.c.high)
    outside_ms = func.coalesce(func.sum(reviews.c.ms).filter(~inside), 0)
    same = and_(True, *(key.is_not_distinct_from(bounds.c[key.name]) for key in keys))
    found = session.execute(
        select(
            *keys,
            func.count(),
            func.avg(reviews.c.ms),
            bounds.c.median,
            bounds.c.p90,
            func.avg(reviews.c.ms).filter(inside),
            outside_ms / func.nullif(func.sum(reviews.c.ms), 0),
        )
        .join(bounds, same)
        .group_by(*keys, bounds.c.median, bounds.c.p90)
        .order_by(func.count().desc(), *keys)
    )
    return [_row(query.group_by, row) for row in found]


def _reviews(workspace_id: UUID, query: CostQuery) -> CTE:
    """Return the verdicts of a period: the group of each, as g0, g1 and so on, and its active time `ms`."""
    groups = columns(query, at=Vote.at, person=NOBODY, outcome=case(STATUS_OF_VERB, value=Vote.verb))
    return (
        select(*groups, Vote.active_ms.label("ms"))
        .select_from(Vote)
        .join(Item, Item.id == Vote.item_id)
        .join(Queue, Queue.id == Item.queue_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(Vote.workspace_id == workspace_id, *within(query, Vote.at, Vote.at))
        .cte("reviews")
    )


def _bounds(reviews: CTE, keys: list[Any]) -> CTE:
    """Return the median and ninetieth percentile of each group, and between what its trimmed mean lies."""

    def part(share: float) -> Any:
        return func.percentile_cont(share).within_group(reviews.c.ms)

    cuts = (
        part(TRIMMED).label("low"),
        part(0.5).label("median"),
        part(0.9).label("p90"),
        part(1 - TRIMMED).label("high"),
    )
    return select(*keys, *cuts).group_by(*keys).cte("bounds")


def _row(group_by: tuple[str, ...], row: Any) -> HandlingRow:
    *key, reviews, mean, median, p90, trimmed, share = row
    group = {word: None if value is None else str(value) for word, value in zip(group_by, key, strict=True)}
    inner = mean if trimmed is None else trimmed
    return HandlingRow(group, reviews, *(float(number) for number in (mean, median, p90, inner, share or 0)))
