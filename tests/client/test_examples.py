"""Each example does what it says, beside a live Proofdesk and a reviewer."""

import importlib.util
import json
import sqlite3
import tomllib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import httpx
from langchain_core.messages import AIMessage, ToolCall
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from app.delivery.rules.signing import sign, write_secret
from app.kernel.db import Database
from proofdesk_client import AsyncClient, Client, Webhook
from tests.client.looping import run_async
from tests.client.ordering import put_in_order
from tests.client.reviewer import Reviewer
from tests.client.scripted import ScriptedAgentModel, ScriptedChat
from tests.factories.servers import Servers
from tests.factories.site import Site

EXAMPLES = Path(__file__).parents[2] / "clients" / "python" / "examples"
ORDER = {"order": "o-17", "amount": 70}


def example(name: str) -> ModuleType:
    """Return an example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_listed_and_tested() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    tested = Path(__file__).read_text()
    for path in EXAMPLES.iterdir():
        if path.suffix in {".py", ".json"}:
            assert f"]({path.name})" in listed
            assert path.stem in tested


def test_check_outputs(client: Client, site: Site, ada: Reviewer) -> None:
    made = site.call("POST", "/policies", {"task_type": "addresses", "threshold": 0.85})
    assert site.call("POST", f"/policies/{made.body['id']}/publish").status == 200
    ada.judges("correct", output={"city": "Paris"})
    main = example("check_outputs").main
    assert main(client) == {"letter-1": {"city": "Paris", "zip": "75001"}, "letter-2": {"city": "Paris"}}
    assert main(client) == {"letter-1": {"city": "Paris", "zip": "75001"}, "letter-2": {"city": "Paris"}}
    assert len(list(client.find(task_type="addresses"))) == 2


def test_gate_a_function(client: Client, ada: Reviewer) -> None:
    ada.judges(actions=[{"call_id": "c1", "verb": "edit", "args": {"order": "o-17", "amount": "12.00"}}])
    assert example("gate_a_function").main(client) == "paid 12.00 for o-17"


def test_gate_a_function_that_is_refused(client: Client, ada: Reviewer) -> None:
    ada.judges("reject", message="It came on time.")
    assert "It came on time." in example("gate_a_function").main(client)


def test_follow_the_feed(client: Client, ada: Reviewer, database: Database, servers: Servers, tmp_path: Path) -> None:
    main, file = example("follow_the_feed").main, tmp_path / "decisions.sqlite"
    ids = []
    for city in ("Paris", "Lyon"):
        ada.judges("approve")
        ids.append(client.wait(client.submit({"task_type": "addresses", "output": {"city": city}}).id).id)
        put_in_order(database, servers)
        main(client, file, forever=False)
    with closing(sqlite3.connect(file)) as kept:
        rows = kept.execute("SELECT submission, status FROM decisions ORDER BY seq").fetchall()
    assert rows == [(ids[0], "approved"), (ids[1], "approved")]


def test_receive_webhooks(client: Client, ada: Reviewer) -> None:
    ada.judges("approve")
    done = client.wait(client.submit({"task_type": "addresses", "output": {"city": "Paris"}}).id)
    at = datetime.now(UTC)  # noqa: TID251  # a receiver reads its machine's clock
    body = json.dumps({"type": "submission.decided", "timestamp": at.isoformat(), "data": done.document}).encode()
    secret = write_secret(b"s" * 32)
    signed = sign([secret], webhook_id="msg_1", at=at, body=body)
    taken: list[Webhook] = []
    with example("receive_webhooks").make_server(0, secret, taken.append) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        forged = {**signed, "webhook-id": "msg_2"}
        answers = [httpx.post(address, content=body, headers=headers) for headers in (signed, signed, forged)]
        server.shutdown()
    assert [answer.status_code for answer in answers] == [204, 204, 400]
    assert [webhook.submission.status for webhook in taken] == ["approved"]


def test_langgraph_agent(client: Client, ada: Reviewer) -> None:
    ada.judges("approve")
    call = ToolCall(name="refund", args=ORDER, id="call-1")
    model = ScriptedChat(turns=[AIMessage("", tool_calls=[call]), AIMessage("It is on its way.")])
    assert example("langgraph_agent").main(client, model, "Please.") == "It is on its way."


def test_pydantic_ai_agent(url: str, site: Site, ada: Reviewer) -> None:
    def say(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        told = [part.content for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        return ModelResponse([TextPart(f"I {told[0]}.") if told else ToolCallPart("refund", ORDER, "call-1")])

    async def run() -> Any:
        async with AsyncClient(url, site.keys["all"]) as client:
            return await example("pydantic_ai_agent").main(client, FunctionModel(say), "Please.")

    ada.judges("approve")
    assert run_async(run) == "I paid 70 for o-17."


def test_openai_agent(url: str, site: Site, ada: Reviewer) -> None:
    model = ScriptedAgentModel([[ORDER]])

    async def run() -> Any:
        async with AsyncClient(url, site.keys["all"]) as client:
            return await example("openai_agent").main(client, model, "Please.")

    ada.judges("approve")
    assert run_async(run) == "Done."
    assert model.told == ["paid 70 for o-17"]


def test_mcp_names_a_command_that_the_package_installs() -> None:
    settings = json.loads((EXAMPLES / "mcp.json").read_text())["mcpServers"]["proofdesk"]
    package = tomllib.loads((EXAMPLES.parent / "pyproject.toml").read_text())["project"]
    module, _, function = package["scripts"][settings["command"]].partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert set(settings["env"]) == {"PROOFDESK_URL", "PROOFDESK_API_KEY"}
