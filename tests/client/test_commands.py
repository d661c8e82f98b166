"""The commands for programs' data, against a live server: a file is taken in once, and decisions come out whole."""

import csv
import json
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.kernel.db import Database
from proofdesk_client import Client
from tests.client.ordering import put_in_order
from tests.client.reviewer import Reviewer
from tests.factories.servers import Servers
from tests.factories.site import Site
from tests.workers.processes import eventually

ADDRESS: dict[str, Any] = {"task_type": "addresses", "output": {"city": "Pariss"}, "confidence": 0.4}
SURE = {"confidence": 0.99, "field_confidence": {"/city": 0.99}}


@pytest.fixture(autouse=True)
def _here(url: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands speak to the site's server with a key of it."""
    monkeypatch.setenv("PROOFDESK_URL", url)
    monkeypatch.setenv("PROOFDESK_API_KEY", site.keys["all"])


def run(*words: str, code: int = 0) -> Result:
    """Run a command."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == code, done.output
    return done


def write(path: Path, documents: list[Any]) -> Path:
    """Write a document on each line; texts as they are."""
    path.write_text("".join(f"{d if isinstance(d, str) else json.dumps(d)}\n" for d in documents), encoding="utf-8")
    return path


def results(path: Path) -> list[dict[str, Any]]:
    """Return what became of each line."""
    return [json.loads(line) for line in Path(f"{path}.results.jsonl").read_text().splitlines()]


def there(client: Client) -> int:
    """Return how many submissions there are."""
    return sum(1 for _ in client.find(task_type="addresses"))


def test_each_line_is_submitted_and_its_answer_kept(client: Client, tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", [ADDRESS, {"task_type": "nothing"}, "{no json", {**ADDRESS, **SURE}])
    assert "4 lines, 2 refused" in run("submit", str(file), code=1).stdout
    found = results(file)
    assert [one.get("status") for one in found[::3]] == ["waiting", "passed"]
    assert [one["error"]["status"] for one in found[1:3]] == [422, 422]
    assert there(client) == 2


def test_a_run_that_was_broken_off_goes_on_and_doubles_nothing(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.programs.submitting.GROUP", 3)
    file = write(tmp_path / "in.jsonl", [{**ADDRESS, "external_id": f"n-{n}"} for n in range(8)])
    run("submit", str(file))
    kept = Path(f"{file}.results.jsonl")
    whole = kept.read_bytes()
    # Killed while it wrote the fifth answer: two groups are in, the answers of the second are half there.
    kept.write_bytes(b"\n".join(whole.split(b"\n")[:4]) + b'\n{"line_sh')
    run("submit", str(file))
    assert kept.read_bytes() == whole
    assert there(client) == 8
    kept.unlink()
    run("submit", str(file))
    assert (kept.read_bytes(), there(client)) == (whole, 8)


def test_results_of_another_file_are_not_gone_on_with(tmp_path: Path) -> None:
    file = write(tmp_path / "in.jsonl", [ADDRESS])
    run("submit", str(file))
    write(file, [{**ADDRESS, "external_id": "other"}])
    assert "of another file: line 1 differs" in run("submit", str(file), code=1).stderr


def test_without_a_key_or_with_a_wrong_one_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "in.jsonl", [ADDRESS])
    monkeypatch.setenv("PROOFDESK_API_KEY", "pd_0000000000000000_wrong")
    assert "401" in run("submit", str(file), code=1).stderr
    monkeypatch.delenv("PROOFDESK_API_KEY")
    assert "PROOFDESK_API_KEY is not set" in run("export", "decisions", code=1).stderr


@pytest.fixture
def decided(client: Client, ada: Reviewer, database: Database, servers: Servers) -> None:
    """One corrected and one approved address, and one whose text a spreadsheet would run."""
    chat = [{"role": "user", "text": "Where?"}]
    context = [{"type": "chat", "value": chat}]
    ada.judges("correct", output={"city": "Paris"})
    client.wait(client.submit({**ADDRESS, "external_id": "=1+1", "context": context}).id, timeout=20)
    ada.judges("approve")
    client.wait(client.submit({**ADDRESS, "instructions": "Look.", "output": {"city": "Lyon"}}).id, timeout=20)
    ada.judges("reject")
    client.wait(client.submit(ADDRESS).id, timeout=20)
    put_in_order(database, servers)


@pytest.mark.usefixtures("decided")
def test_decisions_come_out_as_they_are_as_a_table_and_as_examples() -> None:
    lines = [json.loads(line) for line in run("export", "decisions").stdout.splitlines()]
    assert [(one["seq"], one["data"]["status"]) for one in lines] == [
        (1, "corrected"),
        (2, "approved"),
        (3, "rejected"),
    ]
    rows = list(csv.DictReader(run("export", "decisions", "--format", "csv").stdout.splitlines()))
    assert [row["external_id"] for row in rows] == ["'=1+1", "", ""]
    assert json.loads(rows[0]["output"]) == {"city": "Paris"}
    sft = [json.loads(line) for line in run("export", "decisions", "--format", "sft").stdout.splitlines()]
    assert [one["messages"][0] for one in sft] == [
        {"role": "user", "content": "Where?"},
        {"role": "user", "content": "Look."},
    ]
    assert [one["messages"][-1]["content"] for one in sft] == ['{"city":"Paris"}', '{"city":"Lyon"}']
    (pair,) = [json.loads(line) for line in run("export", "decisions", "--format", "dpo").stdout.splitlines()]
    assert (pair["chosen"], pair["rejected"]) == ('{"city":"Paris"}', '{"city":"Pariss"}')
    assert run("export", "decisions", "--after", "2").stdout.count("\n") == 1
    assert "3 decisions" in run("export", "decisions").stderr


def test_a_process_that_is_killed_again_and_again_takes_each_line_in_once(client: Client, tmp_path: Path) -> None:
    lines = 1_200
    file = write(tmp_path / "in.jsonl", [{**ADDRESS, "external_id": f"n-{n}"} for n in range(lines)])
    kept = Path(f"{file}.results.jsonl")
    # Small groups, so that there is something to interrupt.
    program = "import sys, app.cli.programs.submitting as s; s.GROUP = 20; from app.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "submit", str(file)]

    def has(wanted: int) -> bool:
        return kept.exists() and kept.read_bytes().count(b"\n") >= wanted

    killed = 0
    for wanted in (1, lines // 3, 2 * lines // 3):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            assert eventually(partial(has, wanted), within_seconds=60)
            running.kill()
            killed += running.wait(10) == -signal.SIGKILL
    assert killed >= 2
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = results(file)
    assert len(found) == len({one["id"] for one in found}) == lines
    assert there(client) == lines
