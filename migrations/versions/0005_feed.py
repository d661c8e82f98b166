"""The feed of final decisions, and the seals that chain the trail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = ("event_seals",)
# What is final already comes first, in the order in which it became so; the sequencer numbers it.
BACKFILL = """
INSERT INTO feed_entries (id, workspace_id, type, submission_id, decision_id, due_at)
SELECT d.id, d.workspace_id, CASE WHEN d.supersedes IS NULL THEN 'submission.decided' ELSE 'submission.superseded' END,
       d.submission_id, d.id, d.final_at
  FROM decisions d WHERE d.undone_at IS NULL
UNION ALL
SELECT s.id, s.workspace_id, 'submission.expired', s.id, NULL, s.final_at
  FROM submissions s WHERE s.status = 'expired'
"""


def upgrade() -> None:
    """Make the tables, and put on the feed what is decided already."""
    # The trail may be long and is written all the time: its index is made without holding anybody up.
    with op.get_context().autocommit_block():
        op.create_index("ix_events_xact_id", "events", ["xact_id"], postgresql_concurrently=True, if_not_exists=True)
    _create_seals()
    op.create_table(
        "feed_entries",
        sa.Column("id", sa.Uuid(), nullable=False, comment="the decision's, or the submission's without one"),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True, comment="none until it is due and numbered"),
        sa.Column(
            "type",
            sa.Text(),
            nullable=False,
            comment="submission.decided, submission.superseded or submission.expired",
        ),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when the decision is final"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_feed_entries_workspace_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_feed_entries_submission_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_feed_entries_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_entries")),
        sa.UniqueConstraint("workspace_id", "seq", name=op.f("uq_feed_entries_workspace_id_seq")),
    )
    op.create_index("ix_feed_entries_due", "feed_entries", ["due_at"], postgresql_where=sa.text("seq IS NULL"))
    op.execute(BACKFILL)


def _create_seals() -> None:
    op.create_table(
        "event_seals",
        sa.Column("chain", sa.Uuid(), nullable=False, comment="the workspace; zero for the installation's own events"),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the event"),
        sa.Column(
            "sha256",
            sa.LargeBinary(),
            nullable=False,
            comment="of the hash before it and the event's canonical bytes",
        ),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_event_seals")),
        sa.UniqueConstraint("number", name=op.f("uq_event_seals_number")),
    )
    op.create_table(
        "sealers",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.Column("below", sa.BigInteger(), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_sealers_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealers")),
    )
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
    """Take it all back."""
    op.drop_table("feed_entries")
    op.drop_table("sealers")
    op.drop_table("event_seals")
    op.drop_index("ix_events_xact_id", "events")
