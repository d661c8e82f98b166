"""Fill a workspace: task types, published policies, rates of the reviewers, and real outputs that then wait.

Safe to run twice, at any distance: what is there already is found and left alone, and each submission goes out under
an Idempotency-Key of its own, so that a lost connection cannot double it. Called by the command line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Final

from demo.client import Client, Refused
from demo.sets import TASK_TYPES, Row, mixed_rows, setup_of

Report = Callable[[int, int, str], None]

_AT_ONCE: Final = 4
_DONE_ALREADY: Final = 409
# Hourly rates of three kinds of reviewer. The first has a wage with its on-costs, the second a desk too, the third
# is paid by invoice.
RATES: Final = (
    {"currency": "EUR", "unit": "hour", "base": "28.00", "burden": "1.25", "overhead": "0"},
    {"currency": "EUR", "unit": "hour", "base": "34.50", "burden": "1.25", "overhead": "2.40"},
    {"currency": "EUR", "unit": "hour", "base": "46.00", "burden": "1", "overhead": "0"},
)
RATES_SINCE: Final = "2024-01-01T00:00:00Z"


@dataclass(frozen=True)
class Summary:
    """What a fill did. `by_status` counts the submissions sent now by the status they got."""

    task_types: int
    policies: int
    rate_cards: int
    submitted: int
    already_there: int
    by_status: Mapping[str, int]


def quiet(_done: int, _total: int, _text: str) -> None:
    """Report nothing."""


def fill(
    base_url: str,
    admin_key: str,
    submit_key: str,
    *,
    people: Sequence[str] = (),
    limit: int | None = None,
    copies: int = 1,
    report: Report = quiet,
) -> Summary:
    """Create what is missing and submit the rows that are not there yet.

    `admin_key` needs scope admin, `submit_key` the scopes submit and read. `people` are ids of reviewers who shall
    have a rate. `limit` bounds the rows, `copies` repeats them under further external ids. `report(done, total,
    what)` is called after each submission, by one thread at a time.

    Raises:
        CallFailed: the service refused something or did not answer.
    """
    with Client(base_url, admin_key) as admin:
        defined = [_define(admin, name) for name in TASK_TYPES]
        rates = _rate(admin, people)
    with Client(base_url, submit_key, at_once=_AT_ONCE) as program:
        wanted = list(islice(mixed_rows(copies), limit))
        there = _external_ids(program)
        missing = [row for row in wanted if row.submission["external_id"] not in there]
        statuses = _submit(program, missing, report)
    return Summary(
        task_types=sum(new_type for new_type, _ in defined),
        policies=sum(new_policy for _, new_policy in defined),
        rate_cards=rates,
        submitted=len(missing),
        already_there=len(wanted) - len(missing),
        by_status=Counter(statuses),
    )


def _define(admin: Client, name: str) -> tuple[bool, bool]:
    """Create a task type and publish its policy where they are missing; returns what was new."""
    setup = setup_of(name)
    new_type = all(row["name"] != name for row in admin.pages("/task-types"))
    if new_type:
        admin.post("/task-types", setup.task_type)
    policies = [row for row in admin.pages("/policies") if row["task_type"] == name]
    if any(row.get("published_at") for row in policies):
        return new_type, False
    draft = policies[0] if policies else admin.post("/policies", setup.policy).body
    _publish(admin, draft["id"])
    return new_type, True


def _publish(admin: Client, policy_id: str) -> None:
    """Publish a policy; one that is published already, by an answer that got lost, is as good."""
    try:
        admin.post(f"/policies/{policy_id}/publish", {})
    except Refused as refusal:
        if refusal.status != _DONE_ALREADY:
            raise


def _rate(admin: Client, people: Sequence[str]) -> int:
    """Give each person without a rate one of the demonstration's; returns how many were new."""
    rated = {row.get("person") for row in admin.pages("/rate-cards")} if people else set()
    new = [(person, rate) for person, rate in zip(people, cycle(RATES), strict=False) if person not in rated]
    for person, rate in new:
        body = {"person": person, **rate, "valid_from": RATES_SINCE}
        admin.post("/rate-cards", body)
    return len(new)


def _external_ids(program: Client) -> set[str]:
    """External ids of the demonstration's submissions that are there already."""
    found: set[str] = set()
    for name in TASK_TYPES:
        found.update(row["external_id"] for row in program.pages("/submissions", {"task_type": name, "limit": "200"}))
    return found


def _submit(program: Client, rows: Sequence[Row], report: Report) -> Iterable[str]:
    """Submit the rows, a few at a time; returns the status that each got."""

    def send(row: Row) -> dict[str, Any]:
        key = f"demo-{row.submission['external_id']}"
        answer: dict[str, Any] = program.post("/submissions", row.submission, idempotency_key=key).body
        return answer

    statuses = []
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="fill") as pool:
        for row, answer in zip(rows, pool.map(send, rows), strict=True):
            statuses.append(str(answer["status"]))
            report(len(statuses), len(rows), str(row.submission["task_type"]))
    return statuses
