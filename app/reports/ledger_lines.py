"""The ledger as reports read it: one line for each row, of time with its price, of an item paid by the item, or of an
adjustment. `at` is when the work was, `dated_at` the day to which it belongs, which is another if its own was closed.

LLM_LINES are what calls of language models cost, as reported or else by the list.

A view of the database keeps each (migrations), so that whoever audits with SQL reads what the reports read.
Called by reports.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Numeric, Table, Text, Uuid

LINES: Final = Table(
    "ledger_lines",
    # A view, so not among the tables that the schema is compared with.
    MetaData(),
    Column("id", Uuid),
    Column("workspace_id", Uuid),
    Column("claim_id", Uuid),
    Column("person_id", Uuid),
    Column("kind", Text),
    Column("at", DateTime(timezone=True)),
    Column("dated_at", DateTime(timezone=True)),
    Column("ms", BigInteger),
    Column("rate_card_id", Uuid),
    Column("currency", Text),
    Column("amount", Numeric(20, 6)),
    Column("unpriced_ms", BigInteger),
    Column("posted_at", DateTime(timezone=True)),
)
LLM_LINES: Final = Table(
    "llm_lines",
    MetaData(),
    Column("id", Uuid),
    Column("workspace_id", Uuid),
    Column("submission_id", Uuid),
    Column("at", DateTime(timezone=True)),
    Column("currency", Text),
    Column("amount", Numeric(20, 6)),
    Column("recorded_at", DateTime(timezone=True)),
    Column("priced_at", DateTime(timezone=True)),
)
