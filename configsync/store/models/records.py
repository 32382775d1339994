"""configsync's own tables: revisions, history, and what was applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from configsync.store.models.base import Base, BigId, JsonColumn, Timestamp


class ConfigRevision(Base):
    """One committed change of the database: the counter that readers follow.

    ``db_user``, ``application_name``, ``client_address`` and ``transaction_id``
    are what the database knows of a write past configsync: hints, not proof.
    ``owner`` is the id of the source that was applied, ``planned_commit_id`` the
    commit that a saved plan was made from, ``to_revision`` what a rollback went
    back to. ``actor_source`` is what named the actor, null where that is not known
    or told by ``db_user``.
    """

    __tablename__ = "config_revisions"
    __table_args__ = (
        UniqueConstraint("plan_digest", name="uq_config_revisions_plan_digest"),
        CheckConstraint(
            "source IN ('apply', 'rollback', 'import', 'service', 'external')",
            name="ck_config_revisions_source",
        ),
        Index("ix_config_revisions_transaction_id", "transaction_id"),
        Index("ix_config_revisions_commit_id", "commit_id"),
        Index("ix_config_revisions_created_at", "created_at", "revision"),
    )

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(20))
    commit_id: Mapped[str | None] = mapped_column(String(64))
    dirty: Mapped[bool] = mapped_column(server_default=false())
    author: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    plan_digest: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
    previous_digest: Mapped[str | None] = mapped_column(String(64))
    db_user: Mapped[str | None] = mapped_column(Text)
    application_name: Mapped[str | None] = mapped_column(Text)
    client_address: Mapped[str | None] = mapped_column(Text)
    transaction_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    owner: Mapped[str | None] = mapped_column(Text)
    planned_commit_id: Mapped[str | None] = mapped_column(String(64))
    to_revision: Mapped[int | None] = mapped_column(Integer)
    actor_source: Mapped[str | None] = mapped_column(String(20))

    entries: Mapped[list[ConfigHistory]] = relationship(back_populates="of_revision")


class ConfigHistory(Base):
    """One change of one resource. Append-only, and it outlives what it describes.

    ``root_id`` is for that reason no foreign key: the id of the row that the
    resource, or what it is a part of, has; of the first version, where there are
    several. ``profile_id`` is the same for profiles, and null for all else.
    """

    __tablename__ = "config_history"
    __table_args__ = (
        Index("ix_config_history_root_id", "root_id", "address", "id"),
        Index("ix_config_history_profile_id", "profile_id", "id"),
        Index("ix_config_history_timestamp", "timestamp", "id"),
        Index("ix_config_history_domain", "domain", "id"),
        Index(
            "ix_config_history_address",
            "address",
            "id",
            # So that LIKE can use it, whatever the database's collation.
            postgresql_ops={"address": "text_pattern_ops"},
        ),
        Index("ix_config_history_changed_by", "changed_by", "id"),
        Index("ix_config_history_revision", "revision", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(
        # Deferred: a revision's digest covers its history, so that it is inserted after it.
        ForeignKey("config_revisions.revision", deferrable=True, initially="DEFERRED")
    )
    address: Mapped[str] = mapped_column(Text)
    root_id: Mapped[int | None] = mapped_column(Integer)
    profile_id: Mapped[int | None] = mapped_column(Integer)
    domain: Mapped[str] = mapped_column(String(50))
    action: Mapped[str] = mapped_column(String(20))
    changed_by: Mapped[str] = mapped_column(Text)
    changes: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    timestamp: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())

    of_revision: Mapped[ConfigRevision] = relationship(back_populates="entries")


class ConfigResource(Base):
    """What configsync last applied at an address, and who owns it."""

    __tablename__ = "config_resources"
    __table_args__ = (Index("ix_config_resources_owner", "owner"),)

    address: Mapped[str] = mapped_column(Text, primary_key=True)
    domain: Mapped[str] = mapped_column(String(50))
    owner: Mapped[str] = mapped_column(Text)
    applied: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    prevent_destroy: Mapped[bool] = mapped_column(server_default=false())
    renamed_from: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer)
    file: Mapped[str | None] = mapped_column(Text)
    line: Mapped[int | None] = mapped_column(Integer)
    labels: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    uses: Mapped[list[Any] | None] = mapped_column(JsonColumn)


class ConfigOwner(Base):
    """A source that applies to this database, and the newest commit that it applied.

    After a rollback, ``held_commit_id`` is the commit that was rolled back: it
    and older ones don't apply until a newer one has.
    """

    __tablename__ = "config_owners"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    commit_id: Mapped[str | None] = mapped_column(String(64))
    held_commit_id: Mapped[str | None] = mapped_column(String(64))


class ConfigDatabase(Base):
    """The database's own identity, in one row: a plan applies to no other."""

    __tablename__ = "config_database"

    database_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class ConfigKey(Base):
    """The key of the digests that stand for sensitive values, in one row: 64 hexadecimal digits.

    Whoever may read it may read the values too, in the tables beside it.
    """

    __tablename__ = "config_keys"

    digest_key: Mapped[str] = mapped_column(String(64), primary_key=True)


class ConfigReader(Base):
    """A running application, and the revision that it holds: what it last reported.

    ``id`` is a UUID that it made for itself. It is live until ``expires_at``, by
    the database's clock. Writes here are no change of configuration: they have
    no history.
    """

    __tablename__ = "config_readers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)
    degraded: Mapped[bool] = mapped_column(server_default=false())
    started_at: Mapped[datetime] = mapped_column(Timestamp)
    seen_at: Mapped[datetime] = mapped_column(Timestamp)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)


class ConfigWriter(Base):
    """SQLite only: a row here, within a transaction, tells the triggers that configsync writes."""

    __tablename__ = "config_writer"
    __table_args__ = ({"info": {"only": "sqlite"}},)

    id: Mapped[int] = mapped_column(primary_key=True)
