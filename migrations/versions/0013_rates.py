"""Rates for a role or a vendor, by the minute or the item, and exchange rates.

Code from before goes on working: it writes no piece entries and knows cards for one person or everybody only, so until
it is gone no card of the new kinds is to be recorded. Roles that it changes meanwhile count for prices once that person
is saved again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# One line for each row of the ledger: what was counted for whom, and its price.
LEDGER_LINES = """
CREATE VIEW ledger_lines AS
SELECT t.id, t.workspace_id, t.claim_id, t.person_id, t.kind, t.starts_at AS at, t.ms, c.rate_card_id, c.currency,
       c.amount, coalesce(c.unpriced_ms, 0) AS unpriced_ms, t.posted_at
  FROM time_entries AS t
  LEFT JOIN cost_entries AS c ON c.time_entry_id = t.id
UNION ALL
SELECT id, workspace_id, claim_id, person_id, 'piece', at, 0, rate_card_id, currency, amount, 0, posted_at
  FROM piece_entries
"""

APPEND_ONLY = ("membership_terms", "piece_entries", "exchange_rates")


def upgrade() -> None:
    """Add what rates may be for and by, and the tables."""
    op.add_column("memberships", sa.Column("vendor", sa.Text(), comment="the company that sends her; empty: our own"))
    op.add_column("rate_cards", sa.Column("role", sa.Text()))
    op.add_column("rate_cards", sa.Column("vendor", sa.Text()))
    op.drop_constraint(op.f("ck_rate_cards_unit"), "rate_cards")
    op.create_check_constraint(op.f("ck_rate_cards_unit"), "rate_cards", "unit IN ('hour', 'minute', 'item')")
    op.create_check_constraint(op.f("ck_rate_cards_whom"), "rate_cards", "num_nonnulls(person_id, role, vendor) <= 1")
    _create_terms()
    _create_pieces()
    _create_exchange_rates()
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


def downgrade() -> None:
    """Take the tables back, and whatever was paid by the item with them. Cards of the new kinds must not be there."""
    op.execute("DROP VIEW ledger_lines")
    for table in APPEND_ONLY:
        op.drop_table(table)
    op.drop_constraint(op.f("ck_rate_cards_whom"), "rate_cards")
    op.drop_constraint(op.f("ck_rate_cards_unit"), "rate_cards")
    op.create_check_constraint(op.f("ck_rate_cards_unit"), "rate_cards", "unit = 'hour'")
    op.drop_column("rate_cards", "vendor")
    op.drop_column("rate_cards", "role")
    op.drop_column("memberships", "vendor")


def _create_terms() -> None:
    op.create_table(
        "membership_terms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("roles", ARRAY(sa.Text()), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_membership_terms_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_membership_terms_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_terms")),
    )
    op.create_index("ix_membership_terms_member", "membership_terms", ["workspace_id", "person_id", "since"])
    op.execute(
        "INSERT INTO membership_terms (id, workspace_id, person_id, roles, vendor, since) "
        "SELECT gen_random_uuid(), workspace_id, person_id, roles, NULL, created_at FROM memberships"
    )


def _create_pieces() -> None:
    op.create_table(
        "piece_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("rate_card_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when the verdict was handed in"),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_piece_entries_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_piece_entries_person_id")),
        sa.ForeignKeyConstraint(["rate_card_id"], ["rate_cards.id"], name=op.f("fk_piece_entries_rate_card_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["piece_entries.id"], name=op.f("fk_piece_entries_reverses_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_piece_entries_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_piece_entries")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_piece_entries_reverses_id")),
    )
    op.create_index("ix_piece_entries_period", "piece_entries", ["workspace_id", "at"])
    op.create_index("ix_piece_entries_claim", "piece_entries", ["claim_id"])
    op.create_index(
        "uq_piece_entries_claim",
        "piece_entries",
        ["claim_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NULL"),
    )


def _create_exchange_rates() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("from_currency", sa.Text(), nullable=False),
        sa.Column("to_currency", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="when this was known"),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate")),
        sa.CheckConstraint("from_currency <> to_currency", name=op.f("ck_exchange_rates_pair")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_exchange_rates_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rates")),
    )
    op.create_index("ix_exchange_rates_day", "exchange_rates", ["workspace_id", "on"])
