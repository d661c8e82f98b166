"""`@gate`: a function that runs only once a person, or the policy, has let it, and then with the approved arguments.

    @gate(client, task_type="refunds", risk={"level": "high"})
    def refund(order: str, amount: str) -> Receipt: ...

    refund(order="o-17", amount="120.00")

The call is submitted as an action, waited for, and run with the arguments of the decision, which a reviewer may have
edited. Before that, their digest is compared with the one that was approved, and the grant is used up: of two that
try to run the same approved call, one may. What is not approved raises NotApproved, whose text is meant for the model.
A call that the policy lets pass has no decision and so no grant; it runs as it was made.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from secrets import token_hex
from typing import Any, ParamSpec, TypeAlias, TypeVar, overload

from proofdesk_client import flows
from proofdesk_client.approval import allowed_action, redeem
from proofdesk_client.async_client import AsyncClient
from proofdesk_client.canonical import derive_key
from proofdesk_client.client import Client
from proofdesk_client.flows import Progress
from proofdesk_client.requests import Flow
from proofdesk_client.signatures import Signature

P = ParamSpec("P")
R = TypeVar("R")
Run: TypeAlias = str | Callable[[], str] | None


@dataclass(frozen=True)
class Gate:
    """How the calls of one function are submitted: `action` describes every call, `more` the submission around it."""

    name: str
    signature: Signature
    task_type: str
    run: Callable[[], str]
    action: Mapping[str, Any]
    more: Mapping[str, Any]
    timeout: float | None
    progress: Progress | None

    def approved(self, args: Mapping[str, Any]) -> Flow[dict[str, Any]]:
        """Return the arguments with which a call may run, once, now.

        Raises:
            NotApproved: it may not run.
            AlreadyRun: it ran before.
            NotYetDecided: it is not decided after `timeout` seconds; the same call of the same run goes on waiting.
        """
        action = {**self.action, "name": self.name, "args": args}
        document = {**self.more, "task_type": self.task_type, "actions": [action]}
        submission = yield from flows.submit(document, derive_key("gate", self.task_type, self.run(), self.name, args))
        if not submission.is_final:
            submission = yield from flows.wait(submission.id, self.timeout, self.progress)
        if submission.status == "passed":
            return dict(args)
        approved = allowed_action(submission, self.name)
        self.signature.named((), approved.args)
        yield from redeem(approved)
        return approved.args


@overload
def gate(
    client: Client,
    *,
    task_type: str,
    run: Run = None,
    timeout: float | None = None,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
    **action: Any,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
@overload
def gate(
    client: AsyncClient,
    *,
    task_type: str,
    run: Run = None,
    timeout: float | None = None,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
    **action: Any,
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]: ...
def gate(
    client: Client | AsyncClient,
    *,
    task_type: str,
    run: Run = None,
    timeout: float | None = None,
    progress: Progress | None = None,
    more: Mapping[str, Any] | None = None,
    **action: Any,
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let a function run only when its call is approved. A coroutine function needs an AsyncClient.

    Args:
        task_type: What kind of work this is at the desk; its policy says which calls need a person.
        run: Names the run of the agent, or tells its name. The same call of the same run is one submission for 7 days
            and runs once, however often the run is begun again. Without it every call is one of its own.
        timeout: Seconds after which NotYetDecided is raised; without it a call waits until it is decided.
        progress: Called about every 25 seconds while a call waits.
        more: Further members of the submission: context, requested_by, deadline, priority, metadata.
        action: Further members of the action: risk, allowed, preview, description, args_schema. A description is taken
            from the docstring, a schema from the signature.
    """

    def decorate(function: Callable[P, Any]) -> Callable[P, Any]:
        signature = Signature(function)
        described = {"description": inspect.getdoc(function), "args_schema": signature.schema(), **action}
        it = Gate(function.__name__, signature, task_type, _namer(run), described, more or {}, timeout, progress)
        if inspect.iscoroutinefunction(function) != isinstance(client, AsyncClient):
            raise TypeError("a coroutine function needs an AsyncClient, any other function a Client")
        return _async_gate(it, client, function) if isinstance(client, AsyncClient) else _gate(it, client, function)

    return decorate


def _gate(it: Gate, client: Client, function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def gated(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(**client.follow(it.approved(it.signature.named(args, kwargs))))  # type: ignore[call-arg]  # checked above

    return gated


def _async_gate(it: Gate, client: AsyncClient, function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    @wraps(function)
    async def gated(*args: P.args, **kwargs: P.kwargs) -> R:
        return await function(**await client.follow(it.approved(it.signature.named(args, kwargs))))  # type: ignore[call-arg]  # checked above

    return gated


def _namer(run: Run) -> Callable[[], str]:
    if run is None:
        return token_hex
    return (lambda: run) if isinstance(run, str) else run
