"""A run of the bench with next to nothing in it, so that it still runs when it is wanted."""

import os
import subprocess
import sys
from pathlib import Path

import orjson

from bench.journey import browser_path
from bench.suites import SUITES
from tests.factories.servers import Servers


def test_every_suite_runs_and_what_it_did_breaks_no_promise(servers: Servers, tmp_path: Path, repository: Path) -> None:
    sizes = [
        "--waiting",
        "40",
        "--reviewers",
        "2",
        "--connections",
        "2",
        "--rounds",
        "1",
        "--seconds",
        "0.5",
        "--webhooks",
        "40",
    ]
    snapshot = ["--snapshot-seconds", "0.5", "--snapshot-waiting", "40", "--webhooks", "40"]
    # Every browser test is skipped without one, too.
    suites = [suite for suite in SUITES if suite != "journey" or os.environ.get("CI") or browser_path()]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *suites, *sizes, *snapshot, "--write", str(tmp_path)],
        cwd=repository,
        env={**os.environ, "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cells = orjson.loads((tmp_path / "results.json").read_bytes())["cells"]
    assert {cell["suite"].split()[0] for cell in cells} == set(suites)
    assert "| 40 | 2 |" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
