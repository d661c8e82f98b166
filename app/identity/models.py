"""Tables of identity.

One person is one e-mail address, with a membership per workspace. Secrets are kept as SHA-256 of 256 random bits,
passwords as argon2id. Read and written by app/identity only; others name these tables in foreign keys.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class Workspace(Base):
    """A tenant. Every other row belongs to one."""

    __tablename__ = "workspaces"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    second_publisher: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(instant())


class Person(Base):
    """Somebody who can sign in, known by one e-mail address in lower case."""

    __tablename__ = "people"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    disabled_at: Mapped[datetime | None] = mapped_column(instant())
    desk_keys: Mapped[dict[str, str]] = mapped_column(
        JSONB, server_default=text("'{}'"), comment="keys of the desk that she chose, by what they do"
    )
    created_at: Mapped[datetime] = mapped_column(instant())


class Membership(Base):
    """What a person may do in one workspace. `queues` empty means every queue."""

    __tablename__ = "memberships"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    capacity: Mapped[int | None] = mapped_column(Integer, comment="most items in hand at once; none: no limit")
    vendor: Mapped[str | None] = mapped_column(Text, comment="the company that sends her; empty: our own")
    created_at: Mapped[datetime] = mapped_column(instant())


class MembershipTerms(Base):
    """The roles and the vendor of a member from an instant on. Append-only: what she costs is worked out by them."""

    __tablename__ = "membership_terms"
    __table_args__ = (Index("ix_membership_terms_member", "workspace_id", "person_id", "since"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    vendor: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(instant())


class Group(Base):
    """People who share skills and queues, and who can be named together."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(Text)
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(instant())


class GroupMember(Base):
    """A person in a group."""

    __tablename__ = "group_members"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class SignInLink(Base):
    """A one-time link; opening it shows a button, pressing the button uses it up."""

    __tablename__ = "sign_in_links"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(instant())
    used_at: Mapped[datetime | None] = mapped_column(instant())


class UserSession(Base):
    """One signed-in browser. Revoking the row ends it, whatever cookie somebody saved."""

    __tablename__ = "user_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    created_at: Mapped[datetime] = mapped_column(instant())
    last_seen_at: Mapped[datetime] = mapped_column(instant())
    expires_at: Mapped[datetime] = mapped_column(instant())
    revoked_at: Mapped[datetime | None] = mapped_column(instant())
    agent: Mapped[str] = mapped_column(Text, comment="the browser's own description, shown to its owner")


class ApiKey(Base):
    """A program's way in. `person_id` lets review calls act for that person."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text, unique=True, comment="public part, shown in lists and logs")
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(instant())
    expires_at: Mapped[datetime | None] = mapped_column(instant())
    revoked_at: Mapped[datetime | None] = mapped_column(instant())
    last_used_at: Mapped[datetime | None] = mapped_column(instant(), comment="to the minute")


class SavedView(Base):
    """What a person narrows the list of items to again and again, under a name of her own."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("workspace_id", "person_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    wanted: Mapped[dict[str, str]] = mapped_column(JSONB, comment="filters as the page's query has them")
    created_at: Mapped[datetime] = mapped_column(instant())


class SecondFactor(Base):
    """The secret that a person's authenticator shares with this installation."""

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")
    last_step: Mapped[int] = mapped_column(BigInteger, comment="of the newest code that was used; none counts twice")
    created_at: Mapped[datetime] = mapped_column(instant())


class RecoveryCode(Base):
    """A code that signs in once in the place of an authenticator that is lost."""

    __tablename__ = "recovery_codes"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    code_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(instant())


class SignInAttempt(Base):
    """A try to sign in. Counted to slow down guessing; old rows are swept away."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_account", "account_sha256", "at"),
        Index("ix_sign_in_attempts_address", "address", "at"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(instant())
    succeeded: Mapped[bool] = mapped_column(Boolean)
