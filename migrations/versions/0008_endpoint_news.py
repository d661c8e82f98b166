"""News of endpoints: admins are told when one was given up, beside news of items and queues.

Code from before goes on working: what it writes names an item or a queue, as ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BEFORE = "'handed_over', 'due_soon', 'breached', 'escalated', 'waiting'"
KINDS = f"{BEFORE}, 'endpoint_disabled'"
ONE = "num_nonnulls(item_id, queue_id, endpoint_id) = 1"
EITHER = "(item_id IS NULL) = (queue_id IS NOT NULL)"
PENDING = ("person_id", "hook_id", "kind", "item_id", "queue_id")


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _pending(*columns: str) -> None:
    op.drop_index("uq_notifications_pending", "notifications")
    op.create_index(
        "uq_notifications_pending",
        "notifications",
        columns,
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
        postgresql_nulls_not_distinct=True,
    )


def upgrade() -> None:
    """Add the column and the word; both tables are short."""
    for table in ("notices", "notifications"):
        op.add_column(table, sa.Column("endpoint_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_endpoint_id"), table, "endpoints", ["endpoint_id"], ["id"])
        _check(table, "kind", f"kind IN ({KINDS})")
    _check("notices", "subject", ONE)
    _pending(*PENDING, "endpoint_id")


def downgrade() -> None:
    """Take them back, with the news of endpoints."""
    for table in ("notices", "notifications"):
        op.execute(f"DELETE FROM {table} WHERE kind = 'endpoint_disabled'")  # noqa: S608  # one of two constants
    _pending(*PENDING)
    _check("notices", "subject", EITHER)
    for table in ("notices", "notifications"):
        _check(table, "kind", f"kind IN ({BEFORE})")
        op.drop_constraint(op.f(f"fk_{table}_endpoint_id"), table)
        op.drop_column(table, "endpoint_id")
