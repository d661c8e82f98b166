"""List prices of language models, and what each call costs by them beside what its provider reported.

Code from before goes on working: it prices nothing, and what it keeps meanwhile is priced when a list is taken in.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


# What models cost, a line for each call: as reported, else by the list. What a submission's usage says as a whole counts
# where none of its calls was reported with a cost, instead of their list prices.
LLM_LINES = """
CREATE VIEW llm_lines AS
SELECT c.id, c.workspace_id, c.submission_id, coalesce(c.called_at, c.recorded_at) AS at,
       CASE WHEN c.amount IS NULL THEN c.list_currency ELSE c.currency END AS currency,
       coalesce(c.amount, c.list_amount) AS amount, c.recorded_at,
       CASE WHEN c.amount IS NULL THEN c.list_priced_at ELSE c.recorded_at END AS priced_at
  FROM llm_calls AS c
  JOIN submissions AS s ON s.id = c.submission_id
 WHERE s.llm_amount IS NULL
    OR EXISTS (SELECT FROM llm_calls AS o WHERE o.submission_id = s.id AND o.amount IS NOT NULL)
UNION ALL
SELECT s.id, s.workspace_id, s.id, s.created_at, s.llm_currency, s.llm_amount, s.created_at, s.created_at
  FROM submissions AS s
 WHERE s.llm_amount IS NOT NULL
   AND NOT EXISTS (SELECT FROM llm_calls AS o WHERE o.submission_id = s.id AND o.amount IS NOT NULL)
"""


def upgrade() -> None:
    """Add the table, and to calls what they cost by it."""
    op.create_table(
        "llm_prices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("match", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("tiers", JSONB(), nullable=False, comment="prices of a million tokens, as decimal text"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="when this was known"),
        sa.CheckConstraint("match IN ('equals', 'starts_with')", name=op.f("ck_llm_prices_match")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_llm_prices_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_prices")),
    )
    op.create_index("ix_llm_prices_model", "llm_prices", ["workspace_id", "model"])
    for when, each in (("BEFORE UPDATE OR DELETE", "ROW"), ("BEFORE TRUNCATE", "STATEMENT")):
        name = "llm_prices_append_only" if each == "ROW" else "llm_prices_no_truncate"
        op.execute(f"CREATE TRIGGER {name} {when} ON llm_prices FOR EACH {each} EXECUTE FUNCTION refuse_change()")
    written = sa.Column("cache_write_input_tokens", sa.BigInteger(), comment="among the input tokens")
    op.add_column("llm_calls", written)
    op.add_column("llm_calls", sa.Column("list_price_id", sa.Uuid()))
    op.add_column(
        "llm_calls", sa.Column("list_amount", sa.Numeric(20, 6), comment="by the list, whatever was reported")
    )
    op.add_column("llm_calls", sa.Column("list_currency", sa.Text()))
    op.add_column("llm_calls", sa.Column("list_priced_at", sa.DateTime(timezone=True)))
    # NOT VALID keeps the lock short; every row that there is has neither.
    op.execute(
        "ALTER TABLE llm_calls ADD CONSTRAINT fk_llm_calls_list_price_id FOREIGN KEY (list_price_id) "
        "REFERENCES llm_prices (id) NOT VALID"
    )
    op.execute("ALTER TABLE llm_calls VALIDATE CONSTRAINT fk_llm_calls_list_price_id")
    op.execute(LLM_LINES)


def downgrade() -> None:
    """Take list prices back."""
    op.execute("DROP VIEW llm_lines")
    for column in ("list_priced_at", "list_currency", "list_amount", "list_price_id", "cache_write_input_tokens"):
        op.drop_column("llm_calls", column)
    op.drop_table("llm_prices")
