"""The queue: business calendars, time-outs and their steps, who may take what, holds and reservations, blind reviews.

Every new column has a default, so rows and code from before go on working. Claims walk an index without the items that
were given to one person; those have an index of their own. The overturned decision has to leave the unique index before
the one that overturns it exists, so that reference is checked at the end of the transaction.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATES = "'waiting', 'claimed', 'decided', 'cancelled'"
NEW_STATES = "'waiting', 'reserved', 'claimed', 'held', 'decided', 'expired', 'cancelled'"
OUTCOMES = "'cancelled', 'decided', 'expired', 'released', 'revoked', 'skipped', 'voted'"
NEW_OUTCOMES = (
    "'cancelled', 'decided', 'escalated', 'expired', 'flagged', 'handed_over', 'held', 'reassigned', 'released', "
    "'revoked', 'skipped', 'timed_out', 'voted'"
)
VOID = "false once a later edit made it void"
DELIVERIES = "'due', 'delivered', 'parked'"
# Constraints that only the new schema has.
CHECKS = (
    ("decisions", "decided_by_kind", "decided_by_kind IN ('human', 'policy', 'timeout')"),
    ("items", "stage", "stage IN ('on_time', 'due_soon', 'breached')"),
    ("items", "review_mode", "review_mode IN ('open', 'blind')"),
    ("items", "holder", "(held_by IS NULL) = (state NOT IN ('reserved', 'held'))"),
    ("items", "reservation", "(reserved_until IS NULL) = (state <> 'reserved')"),
    ("queues", "skip_policy", "skip_policy IN ('me_last', 'others', 'lead')"),
)
FOREIGN_KEYS = (
    ("decisions", "supersedes", "decisions"),
    ("decisions", "decided_by", "people"),
    ("items", "held_by", "people"),
    ("items", "assigned_by", "people"),
    ("items", "assigned_to", "people"),
    ("queues", "calendar_id", "calendars"),
)


def upgrade() -> None:
    """Add what the queue needs."""
    _create_tables()
    _create_handling_times()
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    for table, name, target in FOREIGN_KEYS:
        op.create_foreign_key(op.f(f"fk_{table}_{name}"), table, target, [name], ["id"])
    for table, name, condition in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    _widen("items", "state", NEW_STATES)
    _widen("claims", "outcome", NEW_OUTCOMES)
    _widen("deliveries", "state", f"{DELIVERIES}, 'withdrawn'")
    _let_decisions_be_overturned(deferred=True)
    # The timers look at what is open already, and find out the rest.
    op.execute("UPDATE items SET wake_at = clock_timestamp() WHERE state IN ('waiting', 'claimed')")
    op.execute("UPDATE items i SET high_risk = true FROM submissions s WHERE s.id = i.submission_id AND s.high_risk")
    op.execute("UPDATE decisions d SET decided_by = c.person_id FROM claims c WHERE c.id = d.claim_id")
    _index_decisions("superseded_by IS NULL AND undone_at IS NULL")
    _bar_editors()
    op.execute(f"COMMENT ON COLUMN votes.counts IS '{VOID}, or its decision was taken back'")
    op.alter_column("deliveries", "decision_id", nullable=True, comment="none when time ended a submission undecided")
    op.execute("COMMENT ON COLUMN items.voters IS 'people whose vote stands; they may not vote again'")
    op.drop_index("ix_items_due", table_name="items")
    _index_waiting("state = 'waiting' AND assigned_to IS NULL")
    op.create_index(
        "ix_items_assigned",
        "items",
        ["assigned_to", "sort_key", "id"],
        postgresql_where=sa.text("state = 'waiting' AND assigned_to IS NOT NULL"),
    )
    op.create_index("ix_items_held", "items", ["held_by"], postgresql_where=sa.text("state IN ('reserved', 'held')"))
    op.create_index(
        "ix_items_wake",
        "items",
        ["wake_at"],
        postgresql_where=sa.text("state IN ('waiting', 'reserved', 'claimed', 'held')"),
    )
    op.create_index(
        "uq_items_reserved",
        "items",
        ["held_by", "workspace_id"],
        unique=True,
        postgresql_where=sa.text("state = 'reserved'"),
    )


def downgrade() -> None:
    """Take it back; items and claims in states that did not exist then have to be brought to others first."""
    for name in ("uq_items_reserved", "ix_items_wake", "ix_items_held", "ix_items_assigned"):
        op.drop_index(name, table_name="items")
    _index_waiting("state = 'waiting'")
    op.create_index("ix_items_due", "items", ["due_at"], postgresql_where=sa.text("state IN ('waiting', 'claimed')"))
    op.execute("COMMENT ON COLUMN items.voters IS 'people who voted and may not vote again'")
    op.execute(f"COMMENT ON COLUMN votes.counts IS '{VOID}'")
    _index_decisions("superseded_by IS NULL")
    _let_decisions_be_overturned(deferred=False)
    op.alter_column("deliveries", "decision_id", nullable=False, comment=None)
    _widen("deliveries", "state", DELIVERIES)
    _widen("claims", "outcome", OUTCOMES)
    _widen("items", "state", STATES)
    for table, name, _ in reversed(CHECKS):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    for table, column, _ in reversed(FOREIGN_KEYS):
        op.drop_constraint(op.f(f"fk_{table}_{column}"), table)
    for table, columns in _columns().items():
        for added in reversed(columns):
            op.drop_column(table, added.name)
    for table in ("item_notes", "handling_times", "queue_loads", "group_members", "presences", "groups", "calendars"):
        op.drop_table(table)


def _widen(table: str, column: str, words: str) -> None:
    """Let a column hold these words and no others."""
    op.drop_constraint(op.f(f"ck_{table}_{column}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({words})")


def _let_decisions_be_overturned(*, deferred: bool) -> None:
    name = op.f("fk_decisions_superseded_by")
    op.drop_constraint(name, "decisions")
    op.create_foreign_key(
        name,
        "decisions",
        "decisions",
        ["superseded_by"],
        ["id"],
        deferrable=True if deferred else None,
        initially="DEFERRED" if deferred else None,
    )


def _index_decisions(condition: str) -> None:
    op.drop_index("uq_decisions_item", table_name="decisions")
    op.create_index("uq_decisions_item", "decisions", ["item_id"], unique=True, postgresql_where=sa.text(condition))


def _bar_editors() -> None:
    """Keep whoever has edited an item from it, as new edits do."""
    op.execute("""
UPDATE items i SET barred = e.people, bar_reasons = e.reasons
  FROM (SELECT item_id, array_agg(person_id) AS people,
               jsonb_object_agg(replace(person_id::text, '-', ''), 'editor') AS reasons
          FROM (SELECT DISTINCT item_id, person_id FROM votes WHERE verb = 'correct') edits
         GROUP BY item_id) e
 WHERE e.item_id = i.id""")


def _index_waiting(condition: str) -> None:
    op.drop_index("ix_items_waiting", table_name="items")
    op.create_index("ix_items_waiting", "items", ["queue_id", "sort_key", "id"], postgresql_where=sa.text(condition))


def _create_tables() -> None:
    op.create_table(
        "calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA name"),
        sa.Column(
            "hours",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="by weekday: mon to sun, [from, to] pairs",
        ),
        sa.Column("country", sa.Text(), nullable=True, comment="whose public holidays are closed, ISO 3166"),
        sa.Column("subdivision", sa.Text(), nullable=True),
        sa.Column("closed_days", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column(
            "open_days",
            postgresql.ARRAY(sa.Date()),
            nullable=False,
            comment="holidays on which people work all the same",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_calendars_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_calendars_workspace_id_name")),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("queues", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_groups_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_groups_workspace_id_name")),
    )
    op.create_table(
        "presences",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "paused_at", sa.DateTime(timezone=True), nullable=True, comment="nothing is handed out while it is set"
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="break, meeting, training or other"),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), nullable=True, comment="when she last asked in vain, to the minute"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_presences_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_presences_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", name=op.f("pk_presences")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_group_members_group_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_group_members_person_id")),
        sa.PrimaryKeyConstraint("group_id", "person_id", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_group_members_person_id"), "group_members", ["person_id"], unique=False)
    op.create_table(
        "item_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="the act that it explains"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_notes_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_item_notes_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_item_notes_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_notes")),
    )
    op.create_index(op.f("ix_item_notes_item_id"), "item_notes", ["item_id"])
    op.create_table(
        "queue_loads",
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "count_again_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="later for a queue that takes long to count",
        ),
        sa.Column("complete", sa.Boolean(), nullable=False, comment="false: there are more than were counted"),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column(
            "by_priority",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="how many wait at each priority",
        ),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True, comment="when the oldest that waits came in"),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_soon", sa.BigInteger(), nullable=False),
        sa.Column("breached", sa.BigInteger(), nullable=False),
        sa.Column("decided_last_hour", sa.BigInteger(), nullable=False),
        sa.Column("handle_ms", sa.BigInteger(), nullable=True, comment="median active time of a verdict, lately"),
        sa.Column(
            "people_working",
            sa.Integer(),
            nullable=False,
            comment="people who hold an item of it or judged one in the last 15 minutes",
        ),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_queue_loads_queue_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_queue_loads_workspace_id")),
        sa.PrimaryKeyConstraint("queue_id", name=op.f("pk_queue_loads")),
    )
    op.create_index(op.f("ix_queue_loads_workspace_id"), "queue_loads", ["workspace_id"], unique=False)
    op.create_index(op.f("ix_queue_loads_count_again_at"), "queue_loads", ["count_again_at"], unique=False)


def _create_handling_times() -> None:
    op.create_table(
        "handling_times",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_type", sa.Text(), nullable=False, comment="its name"),
        sa.Column("median_ms", sa.BigInteger(), nullable=False, comment="median active time of its latest claims"),
        sa.Column("claims", sa.Integer(), nullable=False, comment="how many were counted"),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_handling_times_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "task_type", name=op.f("pk_handling_times")),
    )


def _columns() -> dict[str, tuple[sa.Column[Any], ...]]:
    """Return the columns that existing tables get."""
    return {
        "decisions": (
            sa.Column("decided_by", sa.Uuid(), nullable=True, comment="whose act it was, if a person's"),
            sa.Column("supersedes", sa.Uuid(), nullable=True),
            sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True, comment="taken back before it was final"),
        ),
        "items": (
            sa.Column("stage", sa.Text(), server_default=sa.text("'on_time'"), nullable=False),
            sa.Column(
                "wake_at", sa.DateTime(timezone=True), nullable=True, comment="when the sweeper has to look at it next"
            ),
            sa.Column("soon_at", sa.DateTime(timezone=True), nullable=True, comment="from when it counts as due soon"),
            sa.Column(
                "step_at", sa.DateTime(timezone=True), nullable=True, comment="when its next escalation step is due"
            ),
            sa.Column("on_timeout", sa.Text(), server_default=sa.text("'escalate'"), nullable=False),
            sa.Column(
                "on_last_timeout",
                sa.Text(),
                server_default=sa.text("'stay'"),
                nullable=False,
                comment="what happens when no escalation step is left",
            ),
            sa.Column(
                "escalation", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
            ),
            sa.Column(
                "tier", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="escalation steps taken"
            ),
            sa.Column(
                "relaxed", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="relaxation steps taken"
            ),
            sa.Column("high_risk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
            sa.Column(
                "for_lead",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
                comment="only a lead may take it",
            ),
            sa.Column(
                "candidates", postgresql.ARRAY(sa.Uuid()), nullable=True, comment="people and groups; none: everybody"
            ),
            sa.Column(
                "barred",
                postgresql.ARRAY(sa.Uuid()),
                server_default=sa.text("'{}'"),
                nullable=False,
                comment="people and groups that may not take it, besides voters",
            ),
            sa.Column(
                "bar_reasons",
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
                comment="by id in hex",
            ),
            sa.Column(
                "skipped_by",
                postgresql.ARRAY(sa.Uuid()),
                server_default=sa.text("'{}'"),
                nullable=False,
                comment="people who get it back after everything else",
            ),
            sa.Column("assigned_to", sa.Uuid(), nullable=True, comment="who alone may take it"),
            sa.Column("assigned_by", sa.Uuid(), nullable=True),
            sa.Column("assigned_until", sa.DateTime(timezone=True), nullable=True),
            sa.Column("held_by", sa.Uuid(), nullable=True, comment="who keeps it, or for whom it is reserved"),
            sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
            sa.Column(
                "flagged",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
                comment="somebody asked for a second opinion",
            ),
            sa.Column("unskippable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
            sa.Column("rejections_required", sa.Integer(), server_default=sa.text("1"), nullable=False),
            sa.Column(
                "review_mode",
                sa.Text(),
                server_default=sa.text("'open'"),
                nullable=False,
                comment="open, or blind: reviewers do not see each other's votes",
            ),
            sa.Column(
                "reviews_max",
                sa.Integer(),
                server_default=sa.text("3"),
                nullable=False,
                comment="blind reviews before a lead has to settle it",
            ),
            sa.Column(
                "double_probability",
                sa.Numeric(),
                nullable=True,
                comment="how likely this item was to be reviewed twice, when that was drawn",
            ),
            sa.Column(
                "adjudicating",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
                comment="reviewers disagree, a lead settles it",
            ),
            sa.Column(
                "log2_value",
                sa.Double(),
                server_default=sa.text("0"),
                nullable=False,
                comment="log2 of risk x probability wrong / expected minutes",
            ),
            sa.Column(
                "value_terms", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
            ),
            sa.Column(
                "expected_ms", sa.BigInteger(), nullable=True, comment="how long a review of it is expected to take"
            ),
        ),
        "memberships": (
            sa.Column("capacity", sa.Integer(), nullable=True, comment="most items in hand at once; none: no limit"),
        ),
        "queues": (
            sa.Column("calendar_id", sa.Uuid(), nullable=True, comment="none: round the clock"),
            sa.Column(
                "value_order",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
                comment="order by what is at stake",
            ),
            sa.Column(
                "half_life_ms",
                sa.BigInteger(),
                server_default=sa.text("14400000"),
                nullable=False,
                comment="in which the pressure of a deadline doubles",
            ),
            sa.Column(
                "soon_ms",
                sa.BigInteger(),
                server_default=sa.text("3600000"),
                nullable=False,
                comment="how long before its time an item counts as due soon",
            ),
            sa.Column("skip_policy", sa.Text(), server_default=sa.text("'me_last'"), nullable=False),
            sa.Column(
                "skip_reasons",
                postgresql.ARRAY(sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
                comment="one of them must be given, if there are any",
            ),
            sa.Column(
                "relaxations",
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'[]'"),
                nullable=False,
                comment="after how long in line which skills are no longer asked for",
            ),
            sa.Column(
                "lapse_ms",
                sa.BigInteger(),
                server_default=sa.text("14400000"),
                nullable=False,
                comment="how long an item waits for the person it was given to",
            ),
            sa.Column(
                "paused_at", sa.DateTime(timezone=True), nullable=True, comment="nothing is handed out while it is set"
            ),
            sa.Column(
                "rekey_from",
                sa.Uuid(),
                nullable=True,
                comment="items after this one still have the key of the old order",
            ),
            sa.Column(
                "changed_at",
                sa.DateTime(timezone=True),
                nullable=True,
                comment="when its settings were last changed",
            ),
        ),
        "votes": (
            sa.Column(
                "adjudicates",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
                comment="a lead's, which settles a disagreement by itself",
            ),
            sa.Column(
                "answer",
                sa.LargeBinary(),
                nullable=True,
                comment="keyed digest of verb and outcome, equal for votes of an item that agree",
            ),
        ),
        "task_types": (
            sa.Column(
                "on_last_timeout",
                sa.Text(),
                server_default=sa.text("'stay'"),
                nullable=False,
                comment="what happens when no escalation step is left",
            ),
            sa.Column(
                "escalation", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
            ),
            sa.Column("rejections_required", sa.Integer(), server_default=sa.text("1"), nullable=False),
            sa.Column(
                "double_review_rate",
                sa.Numeric(),
                server_default=sa.text("0"),
                nullable=False,
                comment="share of items that two people judge, blind to each other",
            ),
            sa.Column(
                "max_reviewers",
                sa.Integer(),
                server_default=sa.text("3"),
                nullable=False,
                comment="who disagree before a lead settles it",
            ),
            sa.Column("unskippable", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        ),
    }
