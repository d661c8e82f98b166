"""Adjustments of time, the entries that they make, and periods that are closed.

Code from before goes on working: what is new is empty, and it writes nothing into a period before one is closed; until
it is gone, none is to be closed. What is append-only loses the right to be changed too, not only the trigger's leave.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# One line for each row of the ledger: what was counted for whom, when, its price, and to which day it belongs.
LEDGER_LINES = """
CREATE VIEW ledger_lines AS
SELECT t.id, t.workspace_id, t.claim_id, t.person_id, t.kind, t.starts_at AS at,
       coalesce(t.dated_at, t.starts_at) AS dated_at, t.ms, c.rate_card_id, c.currency, c.amount,
       coalesce(c.unpriced_ms, 0) AS unpriced_ms, t.posted_at
  FROM time_entries AS t
  LEFT JOIN cost_entries AS c ON c.time_entry_id = t.id
UNION ALL
SELECT id, workspace_id, claim_id, person_id, 'piece', at, coalesce(dated_at, at), 0, rate_card_id, currency, amount, 0,
       posted_at
  FROM piece_entries
UNION ALL
SELECT id, workspace_id, claim_id, person_id, 'adjustment', at, coalesce(dated_at, at), ms, rate_card_id, currency,
       amount, unpriced_ms, posted_at
  FROM adjusting_entries
"""
LEDGER_LINES_BEFORE = """
CREATE VIEW ledger_lines AS
SELECT t.id, t.workspace_id, t.claim_id, t.person_id, t.kind, t.starts_at AS at, t.ms, c.rate_card_id, c.currency,
       c.amount, coalesce(c.unpriced_ms, 0) AS unpriced_ms, t.posted_at
  FROM time_entries AS t
  LEFT JOIN cost_entries AS c ON c.time_entry_id = t.id
UNION ALL
SELECT id, workspace_id, claim_id, person_id, 'piece', at, 0, rate_card_id, currency, amount, 0, posted_at
  FROM piece_entries
"""
APPEND_ONLY = ("adjusting_entries", "period_closes")
LEDGER = ("time_entries", "cost_entries", "piece_entries", "rate_cards", "exchange_rates", *APPEND_ONLY)


def upgrade() -> None:
    """Add the tables, and to which day an entry belongs whose own is closed."""
    dated = "the day that it belongs to; empty: its own, which was not closed"
    for table in ("time_entries", "piece_entries"):
        op.add_column(table, sa.Column("dated_at", sa.DateTime(timezone=True), comment=dated))
    _create_closes()
    _create_adjustments()
    _create_adjusting_entries()
    op.execute("DROP VIEW ledger_lines")
    op.execute(LEDGER_LINES)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in LEDGER:
        key = "time_entry_id" if table == "cost_entries" else "id"
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM CURRENT_USER")
        # A foreign key locks the row that it names, for which PostgreSQL wants this right on one column.
        op.execute(f"GRANT UPDATE ({key}) ON {table} TO CURRENT_USER")


def downgrade() -> None:
    """Take the tables back, and every adjustment with them."""
    for table in LEDGER:
        op.execute(f"GRANT UPDATE, DELETE, TRUNCATE ON {table} TO CURRENT_USER")
    op.execute("DROP VIEW ledger_lines")
    op.execute(LEDGER_LINES_BEFORE)
    for table in ("adjusting_entries", "adjustments", "period_closes"):
        op.drop_table(table)
    for table in ("piece_entries", "time_entries"):
        op.drop_column(table, "dated_at")


def _create_closes() -> None:
    op.create_table(
        "period_closes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False, comment="closed is what is dated before it"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("until_at <= closed_at", name=op.f("ck_period_closes_past")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_period_closes_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_closes")),
        sa.UniqueConstraint("workspace_id", "until_at", name=op.f("uq_period_closes_workspace_id_until_at")),
    )


def _create_adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False, comment="whose time it is"),
        sa.Column("claim_id", sa.Uuid(), nullable=True, comment="empty: time outside of items, or only prices"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when the time was"),
        sa.Column("asked_ms", sa.BigInteger(), nullable=True),
        sa.Column("granted_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True, comment="sealed"),
        sa.CheckConstraint("kind IN ('time', 'price')", name=op.f("ck_adjustments_kind")),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused')", name=op.f("ck_adjustments_state")),
        sa.CheckConstraint(
            "reason IN ('worked_elsewhere', 'not_counted', 'not_working', 'other', 'rate_known_later')",
            name=op.f("ck_adjustments_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'asked') = (settled_by IS NULL) AND (state = 'asked') = (settled_at IS NULL)",
            name=op.f("ck_adjustments_settled"),
        ),
        sa.CheckConstraint("settled_by <> person_id", name=op.f("ck_adjustments_not_ones_own")),
        sa.CheckConstraint("asked_ms >= 0 AND granted_ms >= 0", name=op.f("ck_adjustments_ms")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_adjustments_asked_by")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_adjustments_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_adjustments_person_id")),
        sa.ForeignKeyConstraint(["settled_by"], ["people.id"], name=op.f("fk_adjustments_settled_by")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_adjustments_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    op.create_index("ix_adjustments_list", "adjustments", ["workspace_id", "id"])
    op.create_index("ix_adjustments_person", "adjustments", ["workspace_id", "person_id", "id"])
    op.create_index(
        "uq_adjustments_asked", "adjustments", ["claim_id"], unique=True, postgresql_where=sa.text("state = 'asked'")
    )


def _create_adjusting_entries() -> None:
    op.create_table(
        "adjusting_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reverses_time_entry_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_entry_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when the time was"),
        sa.Column("dated_at", sa.DateTime(timezone=True), nullable=True, comment="as in time_entries"),
        sa.Column("ms", sa.BigInteger(), nullable=False, comment="below zero in a reversal"),
        sa.Column("rate_card_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("unpriced_ms", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(reverses_time_entry_id, reverses_entry_id) <= 1", name=op.f("ck_adjusting_entries_reverses")
        ),
        sa.CheckConstraint(
            "CASE WHEN num_nonnulls(reverses_time_entry_id, reverses_entry_id) = 1 THEN ms <= 0 ELSE ms >= 0 END",
            name=op.f("ck_adjusting_entries_sign"),
        ),
        sa.CheckConstraint(
            "(amount IS NULL) = (rate_card_id IS NULL) AND (amount IS NULL) = (currency IS NULL)",
            name=op.f("ck_adjusting_entries_priced"),
        ),
        sa.CheckConstraint(
            "unpriced_ms = CASE WHEN amount IS NULL THEN ms ELSE 0 END", name=op.f("ck_adjusting_entries_unpriced")
        ),
        sa.ForeignKeyConstraint(["adjustment_id"], ["adjustments.id"], name=op.f("fk_adjusting_entries_adjustment_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_adjusting_entries_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_adjusting_entries_person_id")),
        sa.ForeignKeyConstraint(["rate_card_id"], ["rate_cards.id"], name=op.f("fk_adjusting_entries_rate_card_id")),
        sa.ForeignKeyConstraint(
            ["reverses_entry_id"], ["adjusting_entries.id"], name=op.f("fk_adjusting_entries_reverses_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_time_entry_id"], ["time_entries.id"], name=op.f("fk_adjusting_entries_reverses_time_entry_id")
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_adjusting_entries_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjusting_entries")),
        sa.UniqueConstraint("reverses_entry_id", name=op.f("uq_adjusting_entries_reverses_entry_id")),
        sa.UniqueConstraint("reverses_time_entry_id", name=op.f("uq_adjusting_entries_reverses_time_entry_id")),
    )
    op.create_index("ix_adjusting_entries_claim", "adjusting_entries", ["claim_id"])
    op.create_index("ix_adjusting_entries_period", "adjusting_entries", ["workspace_id", "at"])
    op.create_index(op.f("ix_adjusting_entries_adjustment_id"), "adjusting_entries", ["adjustment_id"])
