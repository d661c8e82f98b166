"""Delivery: rotation of secrets, limits and breakers of endpoints, and their pages."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this step adds."""


def downgrade() -> None:
    """Take it away again."""
