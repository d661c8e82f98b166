"""Endpoints: a second secret while one is replaced, and how they have answered lately."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def columns() -> list[sa.Column[Any]]:
    """Return the new columns; a Column object belongs to one table once it is used, so they are made anew."""
    return [
        sa.Column("old_secret", sa.LargeBinary(), nullable=True, comment="sealed; signs too until it ends"),
        sa.Column("old_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "failures", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="tries failed in a row"
        ),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True, comment="the first of those failures"),
        sa.Column(
            "rests",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="rests since it last answered well",
        ),
        sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True, comment="nothing is sent before"),
    ]


def upgrade() -> None:
    """Add the columns; constant defaults rewrite no row."""
    for column in columns():
        op.add_column("endpoints", column)
    op.create_index("ix_deliveries_workspace", "deliveries", ["workspace_id", "id"])


def downgrade() -> None:
    """Take them back."""
    op.drop_index("ix_deliveries_workspace", "deliveries")
    for column in columns()[::-1]:
        op.drop_column("endpoints", column.name)
