"""Calls of language models with their cost, and what was learnt later of submissions."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and what a submission itself says that its calls cost."""
    op.add_column("submissions", sa.Column("llm_amount", sa.Numeric(20, 6), nullable=True, comment="as usage reports"))
    op.add_column("submissions", sa.Column("llm_currency", sa.Text(), nullable=True))
    op.create_table(
        "llm_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("response_id", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cached_input_tokens", sa.BigInteger(), nullable=True, comment="among the input tokens"),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=True, comment="among the output tokens"),
        sa.Column("latency_ms", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(20, 6), nullable=True, comment="as reported"),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name=op.f("ck_llm_calls_cost")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_llm_calls_workspace_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_llm_calls_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_calls")),
    )
    op.create_index(
        "uq_llm_calls_response",
        "llm_calls",
        ["workspace_id", "provider", "response_id"],
        unique=True,
        postgresql_where=sa.text("response_id IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_llm_calls_submission", "llm_calls", ["submission_id"])
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed: true output, note"),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_outcomes_workspace_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_outcomes_submission_id")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_outcomes_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
    )
    op.create_index("ix_outcomes_submission", "outcomes", ["submission_id"])


def downgrade() -> None:
    """Take it all back."""
    op.drop_table("outcomes")
    op.drop_table("llm_calls")
    op.drop_column("submissions", "llm_currency")
    op.drop_column("submissions", "llm_amount")
