"""The desk: what a task type asks of whoever lets a high-risk action run, and the keys that each person chose.

Code from before goes on working: both columns have defaults that say what held until now.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a constant default rewrites no table."""
    op.add_column(
        "task_types",
        sa.Column(
            "high_risk_check",
            sa.Text(),
            server_default="typed",
            nullable=False,
            comment="what is asked before a high-risk action may run",
        ),
    )
    op.create_check_constraint(
        op.f("ck_task_types_high_risk_check"), "task_types", "high_risk_check IN ('typed', 'second_person')"
    )
    op.add_column(
        "people",
        sa.Column(
            "desk_keys",
            JSONB(),
            server_default="{}",
            nullable=False,
            comment="keys of the desk that she chose, by what they do",
        ),
    )


def downgrade() -> None:
    """Take them back, with what was chosen."""
    op.drop_column("people", "desk_keys")
    op.drop_constraint(op.f("ck_task_types_high_risk_check"), "task_types")
    op.drop_column("task_types", "high_risk_check")
