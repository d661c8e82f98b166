"""A change of the installation's secret seals every column of bytes again, except those that it does not touch."""

from typing import Final

from sqlalchemy import LargeBinary

from app.reports.invariants.secrets import WRAPPED
from migrations.models import metadata

# Sealed, or a mark that only its key can make.
UNDER_A_DATA_KEY: Final = {
    "contents.body",
    "decisions.body",
    "deliveries.body",
    "drafts.body",
    "file_contents.body",
    "item_notes.body",
    "outcomes.body",
    "votes.answer",
    "votes.body",
}
# Hashes, a key that is published, and answers that hold ids and states only.
IN_THE_OPEN: Final = {
    "idempotent_answers.body",
    "signing_keys.public",
}


def test_no_column_of_bytes_is_left_out() -> None:
    columns = {
        f"{t.name}.{c.name}" for t in metadata.tables.values() for c in t.columns if isinstance(c.type, LargeBinary)
    }
    hashes = {name for name in columns if name.endswith("sha256")}
    wrapped = {one.name for one in WRAPPED}
    assert sorted(columns - hashes - wrapped - UNDER_A_DATA_KEY - IN_THE_OPEN) == []
    assert sorted((wrapped | UNDER_A_DATA_KEY) - columns) == []
