"""A share of the items is drawn for two reviewers who do not see each other; how likely that was is always kept."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queue.models import Item
from tests.factories.work import add_item, add_policy, add_task_type


def test_without_a_rate_nothing_is_drawn(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    item = add_item(session, workspace)
    assert (item.review_mode, item.double_probability, item.approvals_required) == ("open", None, 1)


def test_at_a_rate_of_one_every_item_asks_for_two_people(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, double_review_rate=Decimal(1))
    item = add_item(session, workspace)
    assert (item.review_mode, item.double_probability) == ("blind", Decimal(1))
    assert (item.approvals_required, item.rejections_required, item.reviews_max) == (2, 2, 3)


def test_a_rate_draws_about_its_share_and_keeps_the_rate_with_each(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, double_review_rate=Decimal("0.3"))
    for _ in range(100):
        add_item(session, workspace)
    items = session.scalars(select(Item)).all()
    assert {item.double_probability for item in items} == {Decimal("0.3")}
    # Outside of this in one of ten million runs.
    assert 8 < sum(item.review_mode == "blind" for item in items) < 56
    assert {item.approvals_required for item in items if item.review_mode == "open"} == {1}


@pytest.mark.parametrize(("approvals", "rejections", "most"), [(4, 1, 4), (1, 5, 5), (2, 2, 3)])
def test_the_most_reviewers_are_never_fewer_than_what_is_asked_for(
    session: Session, workspace: UUID, approvals: int, rejections: int, most: int
) -> None:
    add_task_type(session, workspace, rejections_required=rejections)
    add_policy(
        session, workspace, rules=[{"name": "r", "when": "true", "outcome": "review", "approvals_required": approvals}]
    )
    item = add_item(session, workspace)
    assert (item.approvals_required, item.rejections_required, item.reviews_max) == (approvals, rejections, most)
