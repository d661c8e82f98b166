"""Write the pages of docs/ that are made from the code: `python -m dev.docs`, or `make docs`.

lifecycle.md comes from the table of transitions, schema.md from the models, limits.md from the constants.
tests/structure holds that the pages in the tree are the ones that the code would make now.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import DeclarativeBase

from app.kernel.db import Base
from app.queue.rules import lifecycle_diagram
from dev.limits import sections
from migrations.models import metadata

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
_POSTGRESQL: Final = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not type its dialects
SCHEMA_HEAD: Final = """# Tables

Made from the models by `make docs`; do not edit. Times are with time zone, durations in milliseconds, money
`numeric(20, 6)`. A column may be empty where `null` stands. Besides what stands here, triggers refuse every change of
the append-only tables and of published policies: migrations/versions/0001_spine.py.
"""
LIMITS_HEAD: Final = """# Limits

Made from the constants in the code by `make docs`; do not edit. A body that breaks one is refused with 413 or 422 and
a sentence that names the place. Bodies are UTF-8 JSON without duplicate keys, NaN, Infinity, NUL characters, halves of
surrogate pairs or unknown top-level keys; `Content-Encoding` is not read. A query parameter may be given once.
"""


def lifecycle() -> str:
    """Return the page about the life of an item."""
    return lifecycle_diagram()


def limits() -> str:
    """Return the page of limits."""
    parts = [LIMITS_HEAD]
    for title, rows in sections().items():
        lines = "\n".join(f"| {what} | {limit} |" for what, limit in rows)
        parts.append(f"\n## {title}\n\n| what | limit |\n|---|---|\n{lines}\n")
    return "".join(parts)


def schema() -> str:
    """Return the page of tables, by domain."""
    parts = [SCHEMA_HEAD]
    owner = ""
    for model in sorted(_models(), key=lambda m: (m.__module__, m.__tablename__)):
        domain = model.__module__.split(".")[1]
        if domain != owner:
            owner = domain
            parts.append(f"\n## {domain}\n")
        parts.append(_table(model))
    return "".join(parts)


def _models() -> list[type[DeclarativeBase]]:
    assert metadata is Base.metadata, "importing the models registers them"  # noqa: S101  # holds by construction
    return [mapper.class_ for mapper in Base.registry.mappers]


def _table(model: type[DeclarativeBase]) -> str:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  # declarative models map tables
    said = " ".join((model.__doc__ or "").split())
    columns = "\n".join(_column(column) for column in table.columns)
    rules = "".join(f"- {line}\n" for line in sorted(_rules(table)))
    return f"\n### {table.name}\n\n{said}\n\n| column | type | | meaning |\n|---|---|---|---|\n{columns}\n" + (
        f"\n{rules}" if rules else ""
    )


def _column(column: Column[object]) -> str:
    kind = column.type.compile(_POSTGRESQL).lower().replace("timestamp with time zone", "instant")
    key = "key" if column.primary_key else "null" if column.nullable else ""
    target = ", ".join(f"of {fk.column.table.name}" for fk in column.foreign_keys)
    meaning = "; ".join(part for part in (target, column.comment or "") if part)
    return f"| {column.name} | {kind} | {key} | {meaning} |"


def _rules(table: Table) -> Iterator[str]:
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            yield f"check: `{constraint.sqltext}`"
        elif isinstance(constraint, UniqueConstraint):
            yield f"unique: {', '.join(c.name for c in constraint.columns)}"
        elif isinstance(constraint, ExcludeConstraint):
            parts = ", ".join(f"{expression} {operator}" for expression, _, operator in constraint._render_exprs)
            yield f"excludes: `{parts}` where `{constraint.where}`"
        elif isinstance(constraint, ForeignKeyConstraint) and len(constraint.columns) > 1:
            yield f"refers to: {constraint.referred_table.name}"
    for index in table.indexes:
        names = ", ".join(str(expression).rsplit(".", 1)[-1] for expression in index.expressions)
        where = index.dialect_options["postgresql"]["where"]
        only = f" where `{where}`" if where is not None else ""
        yield f"{'unique' if index.unique else 'index'}: {names}{only}"


PAGES: Final = {"lifecycle.md": lifecycle, "limits.md": limits, "schema.md": schema}


def main() -> None:
    """Write every page."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
