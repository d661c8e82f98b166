"""The steps are numbered without a gap, end in the schema of the models, and the newest can be taken back."""

import ast
import os
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from app.kernel.schema import current_step, newest_step
from migrations.models import metadata
from tests.conftest import drop_database, make_database
from tests.factories.servers import Servers
from tests.structure.source import ROOT, modules


def _config(url: str = "") -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def test_steps_are_numbered_from_one_without_a_gap_and_have_one_head() -> None:
    scripts = ScriptDirectory.from_config(_config())
    revisions = [step.revision for step in scripts.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert scripts.get_heads() == [revisions[-1]]
    names = [module.path.rsplit("/", 1)[-1] for module in modules("migrations/versions")]
    assert [name.split("_", 1)[0] for name in names] == revisions


def test_every_step_says_why_and_can_be_taken_back() -> None:
    for step in modules("migrations/versions"):
        assert len((ast.get_docstring(step.tree) or "").split()) >= 10, step.path
        (down,) = [n for n in step.tree.body if isinstance(n, ast.FunctionDef) and n.name == "downgrade"]
        assert not isinstance(down.body[-1], ast.Pass | ast.Raise), step.path


@pytest.fixture(scope="module")
def fresh(servers: Servers, worker_id: str) -> Iterator[str]:
    """The URL of a database of its own, migrated."""
    name = f"proofdesk_steps_{worker_id}_{os.getpid()}"
    yield make_database(servers, name)
    drop_database(servers, name)


def test_the_models_are_the_schema_that_the_steps_make(fresh: str) -> None:
    engine = create_engine(fresh)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert current_step(connection) == newest_step()
    engine.dispose()


def test_the_newest_step_can_be_taken_back_and_made_again(fresh: str) -> None:
    engine = create_engine(make_url(fresh))
    before = set(inspect(engine).get_table_names())
    command.downgrade(_config(fresh), "-1")
    with engine.connect() as connection:
        assert current_step(connection) != newest_step()
    command.upgrade(_config(fresh), "head")
    assert set(inspect(engine).get_table_names()) == before
    engine.dispose()
