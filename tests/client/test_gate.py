"""A gated function runs when it is approved, with the approved arguments, once."""

from collections.abc import Callable
from typing import Any

import pytest

from proofdesk_client import (
    Action,
    AlreadyRun,
    Answered,
    AsyncClient,
    Blocked,
    Cancelled,
    Client,
    NotApproved,
    NotYetDecided,
    OtherArguments,
    Refused,
    Rejected,
    Submission,
    TimedOut,
    args_sha256,
    gate,
)
from proofdesk_client.approval import allowed_action
from tests.client.looping import run_async
from tests.client.reviewer import Reviewer
from tests.factories.site import Site


class Till:
    """Pays refunds and remembers each."""

    def __init__(self, client: Client, **how: Any) -> None:
        self.paid: list[tuple[str, int]] = []

        @gate(client, task_type="refunds", risk={"level": "high"}, timeout=20, **how)
        def refund(order: str, amount: int = 10) -> str:
            """Pay money back."""
            self.paid.append((order, amount))
            return f"paid {amount}"

        self.refund = refund


def test_an_approved_call_runs_with_its_complete_arguments(client: Client, ada: Reviewer) -> None:
    till = Till(client)
    ada.judges("approve")
    assert till.refund("o-1") == "paid 10"
    assert till.paid == [("o-1", 10)]


def test_an_edited_call_runs_as_it_was_edited(client: Client, ada: Reviewer) -> None:
    till = Till(client)
    edit = {"call_id": "c1", "verb": "edit", "args": {"order": "o-1", "amount": 7}}
    ada.judges(actions=[edit])
    assert till.refund("o-1", amount=70) == "paid 7"


def test_the_reviewer_sees_what_the_function_says_and_takes(client: Client, ada: Reviewer) -> None:
    seen: list[dict[str, Any]] = []

    def look(claim: Any) -> dict[str, Any]:
        seen.extend(claim.item["actions"])
        return {"verb": "approve"}

    ada.judges_by(look)
    Till(client).refund("o-1")
    (action,) = seen
    assert (action["name"], action["description"], action["args"]) == (
        "refund",
        "Pay money back.",
        {"order": "o-1", "amount": 10},
    )
    assert action["args_schema"]["properties"] == {"order": {"type": "string"}, "amount": {"type": "integer"}}
    assert action["args_schema"]["required"] == ["order"]


def test_a_rejected_call_does_not_run_and_the_model_learns_why(client: Client, ada: Reviewer) -> None:
    till = Till(client)
    ada.judges("reject", message="The customer was refunded yesterday.")
    with pytest.raises(Rejected, match=r"rejected.*not made.*Do not try it again.*yesterday") as raised:
        till.refund("o-1")
    assert raised.value.submission.status == "rejected"
    assert till.paid == []


def test_an_answer_takes_the_place_of_the_call(client: Client, ada: Reviewer) -> None:
    ada.judges(actions=[{"call_id": "c1", "verb": "respond", "message": "Ask for the invoice first."}])
    with pytest.raises(Answered, match=r"^Ask for the invoice first\.$"):
        Till(client).refund("o-1")


def test_the_same_call_of_the_same_run_is_one_submission_and_runs_once(client: Client, ada: Reviewer) -> None:
    till = Till(client, run="thread-1")
    ada.judges("approve")
    assert till.refund("o-1") == "paid 10"
    with pytest.raises(AlreadyRun):
        till.refund("o-1")
    assert till.paid == [("o-1", 10)]
    assert len(list(client.find(task_type="refunds"))) == 1


def test_a_run_that_gave_up_waiting_goes_on_where_it_was(client: Client, ada: Reviewer) -> None:
    paid: list[str] = []

    def tool(timeout: float) -> Callable[[str], None]:
        @gate(client, task_type="refunds", run=lambda: "thread-2", timeout=timeout)
        def refund(order: str) -> None:
            paid.append(order)

        return refund

    with pytest.raises(NotYetDecided):
        tool(0)("o-1")
    ada.judges("approve")
    tool(20)("o-1")
    assert paid == ["o-1"]
    assert len(list(client.find())) == 1


def test_every_call_without_a_run_is_one_of_its_own(client: Client, ada: Reviewer) -> None:
    till = Till(client)
    for _ in range(2):
        ada.judges("approve")
        till.refund("o-1")
    assert till.paid == [("o-1", 10), ("o-1", 10)]


def test_a_call_that_the_policy_lets_pass_runs_at_once_and_a_blocked_one_never(client: Client, site: Site) -> None:
    rules = [{"name": "too much", "when": "actions.exists(a, double(a.args.amount) > 100.0)", "outcome": "block"}]
    drafted = site.call("POST", "/policies", {"task_type": "refunds", "high_risk_actions": [], "rules": rules})
    assert site.call("POST", f"/policies/{drafted.body['id']}/publish").status == 200
    till = Till(client)
    low = gate(client, task_type="refunds", risk={"level": "low"})(till.refund.__wrapped__)  # type: ignore[attr-defined]  # of functools.wraps
    assert low("o-1") == "paid 10"
    with pytest.raises(Blocked, match="policy does not allow"):
        low("o-1", amount=1000)
    assert till.paid == [("o-1", 10)]


def test_the_same_with_asyncio(url: str, site: Site, ada: Reviewer) -> None:
    async def run() -> str:
        async with AsyncClient(url, site.keys["all"]) as client:

            @gate(client, task_type="refunds", timeout=20)
            async def refund(order: str) -> str:
                return f"paid {order}"

            return await refund("o-1")

    ada.judges("approve")
    assert run_async(run) == "paid o-1"


def test_a_key_that_may_not_submit_runs_nothing(url: str, site: Site) -> None:
    with Client(url, site.keys["read"]) as client, pytest.raises(Refused, match="403"):
        Till(client).refund("o-1")


def test_a_gate_needs_the_client_of_its_kind_and_names_for_all_arguments(client: Client) -> None:
    async def later(order: str) -> None: ...

    def nameless(*orders: str) -> None: ...

    with pytest.raises(TypeError, match="AsyncClient"):
        gate(client, task_type="refunds")(later)
    with pytest.raises(TypeError, match="orders"):
        gate(client, task_type="refunds")(nameless)


def decided(action: dict[str, Any] | None = None, *, status: str = "approved", by: str = "human") -> Submission:
    """Return a submission as it might arrive."""
    args = {"order": "o-1"}
    approved = {"call_id": "c1", "name": "refund", "verb": "approve", "run": True, "args": args, "grant": "g"}
    decision = {
        "id": "dec_1",
        "status": status,
        "decided_by_kind": by,
        "decided_at": "2026-03-02T09:00:00Z",
        "final_at": "2026-03-02T09:00:00Z",
        "actions": [{**approved, "args_sha256": args_sha256(args), **(action or {})}],
    }
    return Submission.read({"id": "sub_1", "status": status, "decision": decision})


@pytest.mark.parametrize(
    "change", [{"args": {"order": "o-2"}}, {"args_sha256": "0" * 64}, {"args_sha256": None}, {"name": "wire"}]
)
def test_what_was_changed_on_the_way_is_not_run(change: dict[str, Any]) -> None:
    assert isinstance(allowed_action(decided(), "refund"), Action)
    with pytest.raises(OtherArguments):
        allowed_action(decided(change), "refund")


@pytest.mark.parametrize(
    ("status", "by", "kind"),
    [
        ("expired", "timeout", TimedOut),
        ("rejected", "timeout", TimedOut),
        ("rejected", "human", Rejected),
        ("cancelled", "human", Cancelled),
    ],
)
def test_a_time_out_is_not_called_a_rejection(status: str, by: str, kind: type[NotApproved]) -> None:
    with pytest.raises(kind) as raised:
        allowed_action(decided({"run": False}, status=status, by=by), "refund")
    assert ("reviewer rejected" in str(raised.value)) == (kind is Rejected)
