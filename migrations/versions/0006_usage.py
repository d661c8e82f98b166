"""What programs tell later: calls of models, the truth of an outcome, and the whole shape of a submission."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this step adds."""


def downgrade() -> None:
    """Take it away again."""
