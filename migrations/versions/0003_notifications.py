"""Notifications: what people and chat channels are told about work that waits, is due soon or was handed over.

New tables only, so code from before goes on working. One pending notification for each addressee and subject is held by
a unique index that takes NULLs for equal; what is due is found by partial indexes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = "'handed_over', 'due_soon', 'breached', 'escalated', 'waiting'"
NEWEST_FIRST = (
    "notifications",
    "messages",
    "notices",
    "queue_tellings",
    "arrival_looks",
    "chat_hooks",
    "notification_preferences",
)


def _id(name: str, target: str | None = None, *, null: bool = False, comment: str | None = None) -> sa.Column[Any]:
    """Return a column of ids; the table's foreign keys are made from `target`."""
    return sa.Column(name, sa.Uuid(), nullable=null, comment=comment, info={"target": target})


def _at(name: str, *, null: bool = False, comment: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null, comment=comment)


def _table(
    table: str, *columns: sa.Column[Any], keys: tuple[str, ...] = ("id",), checks: dict[str, str] | None = None
) -> None:
    op.create_table(
        table,
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([c.name], [f"{target}.id"], name=op.f(f"fk_{table}_{c.name}"))
            for c in columns
            if (target := c.info.get("target"))
        ),
        *(sa.CheckConstraint(text, name=op.f(f"ck_{table}_{name}")) for name, text in (checks or {}).items()),
    )


def upgrade() -> None:
    """Make the tables."""
    _make_choices()
    _make_news()
    _make_outbox()


def _make_choices() -> None:
    _table(
        "notification_preferences",
        _id("workspace_id", "workspaces"),
        _id("person_id", "people"),
        sa.Column(
            "modes",
            postgresql.JSONB(),
            nullable=False,
            comment="by kind: at_once, hourly, daily or off",
        ),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA name"),
        sa.Column("daily_at", sa.Time(), nullable=False, comment="of the person's clock, like the quiet hours"),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        _at("updated_at"),
        keys=("workspace_id", "person_id"),
    )
    _table(
        "chat_hooks",
        _id("id"),
        _id("workspace_id", "workspaces"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True, comment="sealed; none when the hook is disabled"),
        sa.Column(
            "shown_url",
            sa.Text(),
            nullable=False,
            comment="where it leads, without what makes it a password",
        ),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("queues", postgresql.ARRAY(sa.Text()), nullable=False, comment="names; none: every queue"),
        _at("created_at"),
        _at("disabled_at", null=True),
        sa.Column("disabled_why", sa.Text(), nullable=True),
    )
    op.create_index(op.f("ix_chat_hooks_workspace_id"), "chat_hooks", ["workspace_id"])


def _make_news() -> None:
    _table(
        "notices",
        _id("id"),
        _id("workspace_id", "workspaces"),
        sa.Column("kind", sa.Text(), nullable=False),
        _id("item_id", "items", null=True),
        _id("queue_id", "queues", null=True, comment="for news that work waits"),
        _id("to_person_id", "people", null=True, comment="to whom it was handed over"),
        _id("by_person_id", "people", null=True),
        _at("made_at"),
        checks={"kind": f"kind IN ({KINDS})", "subject": "(item_id IS NULL) = (queue_id IS NOT NULL)"},
    )
    only = sa.text("queue_id IS NOT NULL")
    op.create_index("uq_notices_queue", "notices", ["queue_id"], unique=True, postgresql_where=only)
    _table("queue_tellings", _id("queue_id", "queues"), _at("told_at"), keys=("queue_id",))
    _table(
        "arrival_looks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _at("looked_to"),
        keys=("number",),
    )


def _make_outbox() -> None:
    addressee = "(person_id IS NULL) = (hook_id IS NOT NULL)"
    _table(
        "messages",
        _id("id"),
        _id("workspace_id", "workspaces"),
        _id("person_id", "people", null=True),
        _id("hook_id", "chat_hooks", null=True),
        sa.Column("trial", sa.Boolean(), nullable=False, comment="an admin tries a hook; it tells nothing"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _at("made_at"),
        _at("next_attempt_at"),
        _at("leased_until", null=True, comment="a worker is sending it until then"),
        _at("settled_at", null=True),
        sa.Column("problem", sa.Text(), nullable=True, comment="why the latest try failed, in a few fixed words"),
        checks={"state": "state IN ('due', 'sent', 'dropped', 'parked')", "addressee": addressee},
    )
    op.create_index("ix_messages_due", "messages", ["next_attempt_at"], postgresql_where=sa.text("state = 'due'"))
    op.create_index("ix_messages_person", "messages", ["person_id", "workspace_id", "made_at"])
    op.create_index("ix_messages_hook", "messages", ["hook_id", "made_at"])
    settled = sa.text("settled_at IS NOT NULL")
    op.create_index("ix_messages_settled", "messages", ["settled_at"], postgresql_where=settled)
    _table(
        "notifications",
        _id("id"),
        _id("workspace_id", "workspaces"),
        _id("person_id", "people", null=True),
        _id("hook_id", "chat_hooks", null=True),
        sa.Column("kind", sa.Text(), nullable=False),
        _id("item_id", "items", null=True),
        _id("queue_id", "queues", null=True, comment="for news that work waits"),
        _id("to_person_id", "people", null=True),
        _id("by_person_id", "people", null=True),
        _at("made_at"),
        _at("leaves_at", comment="not before"),
        sa.Column("state", sa.Text(), nullable=False),
        _id("message_id", "messages", null=True),
        _at("settled_at", null=True),
        checks={
            "kind": f"kind IN ({KINDS})",
            "state": "state IN ('pending', 'bundled', 'sent', 'dropped', 'parked')",
            "addressee": addressee,
        },
    )
    _index_notifications()


def _index_notifications() -> None:
    pending = sa.text("state = 'pending'")
    op.create_index(
        "uq_notifications_pending",
        "notifications",
        ["person_id", "hook_id", "kind", "item_id", "queue_id"],
        unique=True,
        postgresql_where=pending,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_notifications_leaving", "notifications", ["leaves_at"], postgresql_where=pending)
    op.create_index("ix_notifications_message", "notifications", ["message_id"])
    waiting = sa.text("kind = 'waiting'")
    op.create_index("ix_notifications_waiting", "notifications", ["queue_id", "made_at"], postgresql_where=waiting)


def downgrade() -> None:
    """Drop what this step made; nobody is told anything then."""
    for name in NEWEST_FIRST:
        op.drop_table(name)
