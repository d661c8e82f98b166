"""Grants: the keys that sign them, and which ones have been used."""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this step adds."""


def downgrade() -> None:
    """Take it away again."""
