"""Write the generated pages of docs/: the life of an item, and the tables. Run by `make docs`; a test compares them."""

from pathlib import Path

from sqlalchemy import CheckConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql

from app.queue.rules import lifecycle_diagram
from migrations.models import metadata

DOCS = Path(__file__).resolve().parent.parent / "docs"


def _table(table: Table) -> str:
    lines = [f"## {table.name}", "", "| column | type | null | refers to | meaning |", "|---|---|---|---|---|"]
    for column in table.columns:
        kind = column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
        target = ", ".join(sorted(key.target_fullname for key in column.foreign_keys))
        null = "yes" if column.nullable else ""
        lines.append(f"| {column.name} | {kind} | {null} | {target} | {column.comment or ''} |")
    checks = sorted(str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint))
    unique = sorted(", ".join(c.name for c in u.columns) for u in table.constraints if isinstance(u, UniqueConstraint))
    lines += ["", *(f"- check: `{text}`" for text in checks), *(f"- unique: {text}" for text in unique), ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Return each generated page by its file name."""
    tables = "\n".join(_table(table) for table in sorted(metadata.tables.values(), key=lambda t: t.name))
    return {
        "lifecycle.md": lifecycle_diagram(),
        "schema.md": f"# The tables\n\nMade from the models by `make docs`; do not edit.\n\n{tables}",
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
