"""Hand something to a person and go on with what was decided: Proofdesk beside LangGraph's PostgreSQL checkpointer.

Ours: submit what has to wait, and read a submission that was decided, with its decision; over HTTP, with keys, checks,
policy, sealing and trail. Theirs: run a graph of one node up to its interrupt, and resume it with an answer; in the
process itself, with the checkpoints in the same PostgreSQL. Both carry a body of 2 KB, with eight programs at once. The
person in between is left out on both sides. The same two calls to bare Flask views say what any service could reach
that is made with Flask and spoken to over HTTP.
"""

import os
import time
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final

from bench.crowd import Span, Tally, wait_until
from bench.intake import BODY_BYTES, submissions
from bench.wire import Wire

PROGRAMS: Final = 8
DECIDED: Final = 50


@dataclass(frozen=True)
class Program:
    """One program at the API, with submissions that were decided before."""

    port: int
    key: str
    decided: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """One program that runs a graph over this database."""

    url: str


def decide_some(port: int, sender: str, reviewer: str) -> tuple[str, ...]:
    """Submit and decide a few; return their ids."""
    sending, judging = Wire(port, sender), Wire(port, reviewer)
    ids: list[str] = []
    for document in submissions():
        if len(ids) == DECIDED:
            break
        _, made = sending.post("/submissions", document)
        if made["status"] != "waiting":
            continue
        _, taken = judging.post("/claims", {})
        shown = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
        status, _ = judging.post(f"/claims/{taken['claim']['id']}/decision", {**shown, "verb": "approve"})
        if status != 200:
            raise RuntimeError(f"the verdict was answered {status}")
        ids.append(taken["item"]["submission_id"])
    sending.close()
    judging.close()
    return tuple(ids)


def submit_some(port: int) -> tuple[str, ...]:
    """Write a few rows by the bare views and return their ids; nobody has to decide them."""
    wire, bodies = Wire(port, "none"), submissions()
    ids = tuple(str(wire.post("/submissions", next(bodies))[1]["id"]) for _ in range(DECIDED))
    wire.close()
    return ids


def submit_and_resume(order: Program | Graph, span: Span) -> list[Tally]:
    """Do one after the other until the span ends."""
    return _by_proofdesk(order, span) if isinstance(order, Program) else _by_langgraph(order, span)


def _by_proofdesk(order: Program, span: Span) -> list[Tally]:
    wire, tally, bodies = Wire(order.port, order.key), Tally(), submissions()
    waiting = (body for body in bodies if body["confidence"] < 0.7)
    wait_until(span.begins)
    for body, decided in zip(waiting, cycle(order.decided), strict=False):
        started = time.monotonic()
        if started >= span.ends:
            break
        status, made = wire.post("/submissions", body)
        if status != 201:
            tally.faults.append(f"submit: {status} {made}")
            break
        status, read = wire.get(f"/submissions/{decided}")
        if status != 200 or read["decision"] is None:
            tally.faults.append(f"read: {status} {read}")
            break
        tally.note("resume", span, started, time.monotonic())
    wire.close()
    return [tally]


def prepare(url: str) -> None:
    """Make the tables of the checkpointer."""
    from langgraph.checkpoint.postgres import PostgresSaver  # noqa: PLC0415  # half a second that other suites need not pay

    with PostgresSaver.from_conn_string(_plain(url)) as saver:
        saver.setup()


def _by_langgraph(order: Graph, span: Span) -> list[Tally]:
    from langgraph.checkpoint.postgres import PostgresSaver  # noqa: PLC0415  # half a second that other suites need not pay
    from langgraph.graph import END, START, StateGraph  # noqa: PLC0415  # half a second that other suites need not pay
    from langgraph.types import Command, interrupt  # noqa: PLC0415  # half a second that other suites need not pay
    from typing_extensions import TypedDict  # noqa: PLC0415  # half a second that other suites need not pay

    State = TypedDict("State", {"asked": dict[str, Any], "answer": Any})  # noqa: UP013  # LangGraph reads it at run time
    asked = {"name": "refund", "args": {"note": "x" * (BODY_BYTES - 100)}}
    tally, own = Tally(), os.urandom(8).hex()
    with PostgresSaver.from_conn_string(_plain(order.url)) as saver:
        building = StateGraph(State)
        building.add_node("ask", lambda state: {"answer": interrupt(state["asked"])})
        building.add_edge(START, "ask")
        building.add_edge("ask", END)
        graph = building.compile(checkpointer=saver)
        wait_until(span.begins)
        number = 0
        while (started := time.monotonic()) < span.ends:
            number += 1
            thread: Any = {"configurable": {"thread_id": f"{own} {number}"}}
            graph.invoke({"asked": asked, "answer": None}, thread)
            done = graph.invoke(Command(resume={"type": "approve"}), thread)
            if done["answer"] != {"type": "approve"}:
                tally.faults.append("the graph did not go on with the answer")
                break
            tally.note("resume", span, started, time.monotonic())
    return [tally]


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
