"""The first tables: from workspaces to the ledger.

Nothing runs before this step, so nothing has to be considered. Three things are more than tables: btree_gist lets the
ledger refuse two active seconds of one person at once; proofdesk_cluster() names the database cluster that wrote an
event; refuse_change() keeps the trail, the ledger and published policies append-only, whoever asks.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("events", "time_entries", "cost_entries", "rate_cards", "task_types", "delivery_attempts", "beats")

CLUSTER_FUNCTION = """
CREATE FUNCTION proofdesk_cluster() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT system_identifier FROM pg_control_system() $$
"""

REFUSE_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

PUBLISHED_FUNCTION = """
CREATE FUNCTION refuse_change_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.published_at IS NOT NULL OR NEW.document <> OLD.document THEN
    RAISE EXCEPTION 'a policy is immutable' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Make the schema."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(CLUSTER_FUNCTION)
    op.execute(REFUSE_FUNCTION)
    op.execute(PUBLISHED_FUNCTION)
    _create_tables()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER policies_immutable BEFORE UPDATE OR DELETE ON policies "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published()"
    )
    # Hot queues leave dead rows fast; clean them long before a tenth of the table is dead.
    for table in ("items", "claims", "deliveries"):
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)")


def downgrade() -> None:
    """Remove everything."""
    op.drop_table("delivery_attempts")
    op.drop_table("deliveries")
    op.drop_table("cost_entries")
    op.drop_table("votes")
    op.drop_table("time_entries")
    op.drop_table("drafts")
    op.drop_table("decisions")
    op.drop_table("beats")
    op.drop_table("claims")
    op.drop_table("items")
    op.drop_table("idempotent_answers")
    op.drop_table("contents")
    op.drop_table("submissions")
    op.drop_table("user_sessions")
    op.drop_table("task_types")
    op.drop_table("sign_in_links")
    op.drop_table("rate_cards")
    op.drop_table("queues")
    op.drop_table("policies")
    op.drop_table("memberships")
    op.drop_table("events")
    op.drop_table("endpoints")
    op.drop_table("api_keys")
    op.drop_table("workspaces")
    op.drop_table("sign_in_attempts")
    op.drop_table("people")
    op.execute("DROP FUNCTION refuse_change_of_published, refuse_change, proofdesk_cluster")


def _create_tables() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index("ix_sign_in_attempts_account", "sign_in_attempts", ["account_sha256", "at"], unique=False)
    op.create_index("ix_sign_in_attempts_address", "sign_in_attempts", ["address", "at"], unique=False)
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("second_publisher", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("name", name=op.f("uq_workspaces_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False, comment="public part, shown in lists and logs"),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True, comment="to the minute"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_api_keys_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_api_keys_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
    )
    op.create_index(op.f("ix_api_keys_person_id"), "api_keys", ["person_id"], unique=False)
    op.create_index(op.f("ix_api_keys_workspace_id"), "api_keys", ["workspace_id"], unique=False)
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="sealed signing secret"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_endpoints_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
    )
    op.create_index(op.f("ix_endpoints_workspace_id"), "endpoints", ["workspace_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="verb of the trail, for example item.claimed"),
        sa.Column("actor_kind", sa.Text(), nullable=False, comment="person, key, system or command"),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column(
            "details", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "xact_id",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
            comment="the transaction that wrote the row",
        ),
        sa.Column(
            "cluster",
            sa.BigInteger(),
            server_default=sa.text("proofdesk_cluster()"),
            nullable=False,
            comment="system identifier of the database cluster that wrote the row",
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_events_workspace_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
    )
    op.create_index(
        "ix_events_subject", "events", ["workspace_id", "subject_kind", "subject_id", "number"], unique=False
    )
    op.create_index("ix_events_workspace", "events", ["workspace_id", "number"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("queues", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_memberships_workspace_id")),
        sa.PrimaryKeyConstraint("workspace_id", "person_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_person_id"), "memberships", ["person_id"], unique=False)
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_type", sa.Text(), nullable=False, comment="name; a policy goes with every version of it"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name=op.f("fk_policies_created_by")),
        sa.ForeignKeyConstraint(["published_by"], ["people.id"], name=op.f("fk_policies_published_by")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_policies_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint(
            "workspace_id", "task_type", "version", name=op.f("uq_policies_workspace_id_task_type_version")
        ),
    )
    op.create_index(
        "ix_policies_in_force",
        "policies",
        ["workspace_id", "task_type", "published_at"],
        unique=False,
        postgresql_where=sa.text("published_at IS NOT NULL"),
    )
    op.create_table(
        "queues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_queues_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queues")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_queues_workspace_id_name")),
    )
    op.create_table(
        "rate_cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True, comment="empty: all others"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("base", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("burden", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("overhead", sa.Numeric(precision=20, scale=6), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="when this was known"),
        sa.CheckConstraint("unit = 'hour'", name=op.f("ck_rate_cards_unit")),
        sa.CheckConstraint("base >= 0 AND burden >= 0 AND overhead >= 0", name=op.f("ck_rate_cards_amounts")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_rate_cards_period")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_rate_cards_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_rate_cards_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_cards")),
    )
    op.create_index("ix_rate_cards_lookup", "rate_cards", ["workspace_id", "person_id", "valid_from"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_in_links_person_id")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sign_in_links")),
    )
    op.create_index(op.f("ix_sign_in_links_person_id"), "sign_in_links", ["person_id"], unique=False)
    op.create_table(
        "task_types",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "output_schema", sa.Text(), nullable=False, comment="JSON Schema as text; jsonb would reorder its keys"
        ),
        sa.Column("guidelines", sa.Text(), nullable=False),
        sa.Column("reason_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sla_ms", sa.BigInteger(), nullable=False),
        sa.Column("on_timeout", sa.Text(), nullable=False),
        sa.Column("approvals_required", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("undo_ms", sa.BigInteger(), nullable=False),
        sa.Column("claim_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "cap_ms",
            sa.BigInteger(),
            nullable=False,
            comment="age of the latest input at which a second stops to count",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_task_types_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_types")),
        sa.UniqueConstraint("workspace_id", "name", "version", name=op.f("uq_task_types_workspace_id_name_version")),
    )
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agent", sa.Text(), nullable=False, comment="the browser's own description, shown to its owner"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_user_sessions_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_user_sessions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_user_sessions_token_sha256")),
    )
    op.create_index(op.f("ix_user_sessions_person_id"), "user_sessions", ["person_id"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_type_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False, comment="waiting while its item is open, then the outcome"),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False, comment="of the body's bytes as they arrived"),
        sa.Column("has_output", sa.Boolean(), nullable=False),
        sa.Column("high_risk", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Numeric(), nullable=True),
        sa.Column("model_provider", sa.Text(), nullable=True),
        sa.Column("model_name", sa.Text(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("prompt_id", sa.Text(), nullable=True),
        sa.Column("prompt_version", sa.Text(), nullable=True),
        sa.Column("endpoint_id", sa.Uuid(), nullable=True),
        sa.Column("route_outcome", sa.Text(), nullable=False),
        sa.Column("route_rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("inclusion_probability", sa.Numeric(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "final_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="programs see the outcome from then on",
        ),
        sa.CheckConstraint(
            "status IN ('passed', 'blocked', 'waiting', 'approved', 'corrected', 'rejected', 'answered', 'expired', 'cancelled')",
            name=op.f("ck_submissions_status"),
        ),
        sa.CheckConstraint("inclusion_probability BETWEEN 0 AND 1", name=op.f("ck_submissions_probability")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name=op.f("fk_submissions_endpoint_id")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_submissions_key_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_submissions_policy_id")),
        sa.ForeignKeyConstraint(["task_type_id"], ["task_types.id"], name=op.f("fk_submissions_task_type_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_submissions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    op.create_index(
        "ix_submissions_external",
        "submissions",
        ["workspace_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index("ix_submissions_newest", "submissions", ["workspace_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_submissions_task_type_id"), "submissions", ["task_type_id"], unique=False)
    op.create_table(
        "contents",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_contents_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_contents")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False, comment="of method, path and body"),
        sa.Column("status_code", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_idempotent_answers_key_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_idempotent_answers_submission_id")
        ),
        sa.PrimaryKeyConstraint("key_id", "idempotency_key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_created_at"), "idempotent_answers", ["created_at"], unique=False)
    op.create_table(
        "items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "sort_key", sa.BigInteger(), nullable=False, comment="smaller is served first: priority, then due time"
        ),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("approvals_required", sa.Integer(), nullable=False),
        sa.Column(
            "voters", postgresql.ARRAY(sa.UUID()), nullable=False, comment="people who voted and may not vote again"
        ),
        sa.Column(
            "token", sa.BigInteger(), nullable=False, comment="newest fencing token given out, 0 before the first claim"
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="number of transitions so far"),
        sa.Column("claim_ms", sa.BigInteger(), nullable=False, comment="lease length, from the task type's version"),
        sa.Column(
            "cap_ms",
            sa.BigInteger(),
            nullable=False,
            comment="age of the latest input at which a second stops to count",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'claimed', 'decided', 'cancelled')", name=op.f("ck_items_state")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_items_queue_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_items_submission_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_items_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_items_submission_id")),
    )
    op.create_index(
        "ix_items_due", "items", ["due_at"], unique=False, postgresql_where=sa.text("state IN ('waiting', 'claimed')")
    )
    op.create_index(
        "ix_items_waiting",
        "items",
        ["queue_id", "sort_key", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(op.f("ix_items_workspace_id"), "items", ["workspace_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="desk or api"),
        sa.Column("claim_ms", sa.BigInteger(), nullable=False, comment="lease length, from the task type's version"),
        sa.Column(
            "cap_ms",
            sa.BigInteger(),
            nullable=False,
            comment="age of the latest input at which a second stops to count",
        ),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('cancelled', 'decided', 'expired', 'released', 'revoked', 'skipped', 'voted')",
            name=op.f("ck_claims_outcome"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_claims_ended")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_claims_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claims_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_claims_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("item_id", "token", name=op.f("uq_claims_item_id_token")),
    )
    op.create_index(
        "ix_claims_expiry", "claims", ["expires_at"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_claims_person", "claims", ["person_id", "claimed_at"], unique=False)
    op.create_index(
        "uq_claims_live_item", "claims", ["item_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index(
        "uq_claims_live_person",
        "claims",
        ["person_id", "workspace_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "beats",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_mono_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_input_age_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_beats_claim_id")),
        sa.PrimaryKeyConstraint("claim_id", "seq", name=op.f("pk_beats")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True, comment="of the vote that decided"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by_kind", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column(
            "content_sha256", sa.LargeBinary(), nullable=False, comment="of the body that the reviewer was shown"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed: output, actions, message, note"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('approved', 'corrected', 'rejected', 'answered')", name=op.f("ck_decisions_status")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_decisions_claim_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_decisions_item_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_decisions_submission_id")),
        sa.ForeignKeyConstraint(["superseded_by"], ["decisions.id"], name=op.f("fk_decisions_superseded_by")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_decisions_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_decided", "decisions", ["workspace_id", "decided_at"], unique=False)
    op.create_index(op.f("ix_decisions_submission_id"), "decisions", ["submission_id"], unique=False)
    op.create_index(
        "uq_decisions_item", "decisions", ["item_id"], unique=True, postgresql_where=sa.text("superseded_by IS NULL")
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_drafts_claim_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_drafts_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_drafts_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_drafts_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_person_id"), "drafts", ["person_id"], unique=False)
    op.create_index(
        "uq_drafts_open", "drafts", ["item_id", "person_id"], unique=True, postgresql_where=sa.text("NOT lost")
    )
    op.create_table(
        "time_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column(
            "blurred", sa.Boolean(), nullable=False, comment="the page was visible but another window had the focus"
        ),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.literal_column("person_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("kind = 'active'"),
            using="gist",
            name="ex_time_entries_one_active_second",
        ),
        sa.CheckConstraint("kind IN ('active', 'idle_in_claim')", name=op.f("ck_time_entries_kind")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_time_entries_period")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_time_entries_claim_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_time_entries_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_time_entries_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entries")),
    )
    op.create_index("ix_time_entries_claim", "time_entries", ["claim_id"], unique=False)
    op.create_index("ix_time_entries_period", "time_entries", ["workspace_id", "starts_at"], unique=False)
    op.create_table(
        "votes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False, comment="false once a later edit made it void"),
        sa.Column("reason_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "request_sha256", sa.LargeBinary(), nullable=False, comment="of what was asked, to know a repeated submit"
        ),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed: output, actions, message, note"),
        sa.Column("active_ms", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verb IN ('approve', 'correct', 'reject', 'respond')", name=op.f("ck_votes_verb")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_votes_claim_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_votes_item_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_votes_person_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_votes_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_votes")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_votes_claim_id")),
    )
    op.create_index(
        "uq_votes_person", "votes", ["item_id", "person_id"], unique=True, postgresql_where=sa.text("counts")
    )
    op.create_table(
        "cost_entries",
        sa.Column("time_entry_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("rate_card_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("unpriced_ms", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(amount IS NULL) = (rate_card_id IS NULL) AND (amount IS NULL) = (currency IS NULL)",
            name=op.f("ck_cost_entries_priced"),
        ),
        sa.CheckConstraint("(amount IS NULL) = (unpriced_ms > 0)", name=op.f("ck_cost_entries_unpriced")),
        sa.ForeignKeyConstraint(["rate_card_id"], ["rate_cards.id"], name=op.f("fk_cost_entries_rate_card_id")),
        sa.ForeignKeyConstraint(["time_entry_id"], ["time_entries.id"], name=op.f("fk_cost_entries_time_entry_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_cost_entries_workspace_id")),
        sa.PrimaryKeyConstraint("time_entry_id", name=op.f("pk_cost_entries")),
    )
    op.create_index(op.f("ix_cost_entries_workspace_id"), "cost_entries", ["workspace_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column(
            "body", sa.LargeBinary(), nullable=False, comment="the bytes to send, sealed with the submission's data key"
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="when the decision becomes final"),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "leased_until", sa.DateTime(timezone=True), nullable=True, comment="a worker is sending it until then"
        ),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('due', 'delivered', 'parked')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_deliveries_decision_id")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name=op.f("fk_deliveries_endpoint_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_deliveries_submission_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name=op.f("fk_deliveries_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_decision_id"), "deliveries", ["decision_id"], unique=False)
    op.create_index(
        "ix_deliveries_due", "deliveries", ["next_attempt_at"], unique=False, postgresql_where=sa.text("state = 'due'")
    )
    op.create_index(op.f("ix_deliveries_endpoint_id"), "deliveries", ["endpoint_id"], unique=False)
    op.create_index("ix_deliveries_submission", "deliveries", ["submission_id", "id"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_delivery_attempts")),
    )
    op.create_index(op.f("ix_delivery_attempts_delivery_id"), "delivery_attempts", ["delivery_id"], unique=False)
