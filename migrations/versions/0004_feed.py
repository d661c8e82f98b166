"""The sequencer and the feed: sealed events, and final decisions in the order in which programs read them."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what this step adds."""


def downgrade() -> None:
    """Take it away again."""
