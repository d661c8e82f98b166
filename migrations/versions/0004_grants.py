"""Grants: the keys that sign them, which ones have been used, and how long those of a task type last."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WEEK_MS = 7 * 86_400_000


def upgrade() -> None:
    """Add keys, uses and the life of grants. A column with a constant default rewrites no row."""
    op.add_column(
        "task_types",
        sa.Column(
            "grant_ms",
            sa.BigInteger(),
            server_default=sa.text(str(WEEK_MS)),
            nullable=False,
            comment="how long an approved action may be run after its decision is final",
        ),
    )
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=True, comment="sealed; none once it is retired"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True, comment="signs nothing from then on"),
        sa.Column(
            "revoked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="its grants are worth nothing from then on",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_index(
        "uq_signing_keys_current",
        "signing_keys",
        [sa.text("(true)")],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "grant_uses",
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_grant_uses_workspace_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_grant_uses_submission_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_grant_uses_decision_id")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grant_uses")),
    )
    op.create_index(op.f("ix_grant_uses_submission_id"), "grant_uses", ["submission_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("grant_uses")
    op.drop_table("signing_keys")
    op.drop_column("task_types", "grant_ms")
