"""The tables as SQLAlchemy models, for people and for applications that read them.

The engine itself reads and writes plain rows (`configsync.store.sql`). Nothing
but `configsync.store.apply` writes these tables; a row trigger records whoever
does so all the same. Models and migrations are held together by a test.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

JsonColumn = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")
Timestamp = DateTime(timezone=True)


class Base(DeclarativeBase):
    """The base of all models."""


class ConfigProfile(Base):
    """A profile; deleting it deletes its parts, and never its history."""

    __tablename__ = "config_profiles"
    __table_args__ = (
        UniqueConstraint("name", name="uq_config_profiles_name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="ck_config_profiles_name"),
        # A trigger would let two concurrent inserts both win.
        Index(
            "uq_config_profiles_default",
            "is_default",
            unique=True,
            postgresql_where=text("is_default"),
            sqlite_where=text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    created_by: Mapped[str | None] = mapped_column(String(255))
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_by: Mapped[str | None] = mapped_column(String(255))

    ai_infra: Mapped[ConfigAiInfra | None] = relationship(
        back_populates="profile", cascade="all, delete-orphan", passive_deletes=True
    )
    genie_spaces: Mapped[list[ConfigGenieSpace]] = relationship(
        back_populates="profile",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="ConfigGenieSpace.space_id",
    )
    mlflow: Mapped[ConfigMlflow | None] = relationship(
        back_populates="profile", cascade="all, delete-orphan", passive_deletes=True
    )
    prompts: Mapped[ConfigPrompts | None] = relationship(
        back_populates="profile", cascade="all, delete-orphan", passive_deletes=True
    )


def _profile_id() -> Mapped[int]:
    return mapped_column(ForeignKey("config_profiles.id", ondelete="CASCADE"))


class ConfigAiInfra(Base):
    """The model that answers for a profile, and its limits."""

    __tablename__ = "config_ai_infra"
    __table_args__ = (
        UniqueConstraint("profile_id", name="uq_config_ai_infra_profile_id"),
        CheckConstraint(
            "length(llm_endpoint) BETWEEN 1 AND 255", name="ck_config_ai_infra_endpoint"
        ),
        CheckConstraint("llm_temperature BETWEEN 0 AND 1", name="ck_config_ai_infra_temperature"),
        CheckConstraint("llm_max_tokens > 0", name="ck_config_ai_infra_max_tokens"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = _profile_id()
    llm_endpoint: Mapped[str] = mapped_column(String(255))
    llm_temperature: Mapped[Decimal] = mapped_column(Numeric(3, 2))
    llm_max_tokens: Mapped[int] = mapped_column(Integer)

    profile: Mapped[ConfigProfile] = relationship(back_populates="ai_infra")


class ConfigGenieSpace(Base):
    """A Genie space of a profile; at most one of each profile is its default."""

    __tablename__ = "config_genie_spaces"
    __table_args__ = (
        UniqueConstraint("profile_id", "space_id", name="uq_config_genie_spaces_space"),
        CheckConstraint("length(space_id) BETWEEN 1 AND 255", name="ck_config_genie_spaces_space"),
        CheckConstraint("length(space_name) <= 255", name="ck_config_genie_spaces_name"),
        Index(
            "uq_config_genie_spaces_default",
            "profile_id",
            unique=True,
            postgresql_where=text("is_default"),
            sqlite_where=text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = _profile_id()
    space_id: Mapped[str] = mapped_column(String(255))
    space_name: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    is_default: Mapped[bool] = mapped_column(server_default=false())

    profile: Mapped[ConfigProfile] = relationship(back_populates="genie_spaces")


class ConfigMlflow(Base):
    """Where a profile's runs are traced."""

    __tablename__ = "config_mlflow"
    __table_args__ = (
        UniqueConstraint("profile_id", name="uq_config_mlflow_profile_id"),
        CheckConstraint(
            "length(experiment_name) BETWEEN 1 AND 255", name="ck_config_mlflow_experiment"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = _profile_id()
    experiment_name: Mapped[str] = mapped_column(String(255))

    profile: Mapped[ConfigProfile] = relationship(back_populates="mlflow")


class ConfigPrompts(Base):
    """What a profile tells the model."""

    __tablename__ = "config_prompts"
    __table_args__ = (UniqueConstraint("profile_id", name="uq_config_prompts_profile_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = _profile_id()
    system_prompt: Mapped[str] = mapped_column(Text)
    slide_editing_instructions: Mapped[str] = mapped_column(Text)
    user_prompt_template: Mapped[str] = mapped_column(Text)

    profile: Mapped[ConfigProfile] = relationship(back_populates="prompts")


class PromptVersioned(Base):
    """One version of a prompt; one of each name is active. Its content never changes."""

    __tablename__ = "prompts_versioned"
    __table_args__ = (
        UniqueConstraint("prompt_name", "version", name="uq_prompts_versioned_version"),
        CheckConstraint("length(prompt_name) BETWEEN 1 AND 255", name="ck_prompts_versioned_name"),
        CheckConstraint("version >= 1", name="ck_prompts_versioned_version"),
        Index(
            "uq_prompts_versioned_active",
            "prompt_name",
            unique=True,
            postgresql_where=text("is_active"),
            sqlite_where=text("is_active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    prompt_name: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(Integer)
    prompt_content: Mapped[str] = mapped_column(Text)
    variables: Mapped[list[Any]] = mapped_column(JsonColumn)
    agent_name: Mapped[str | None] = mapped_column(String(255))
    prompt_type: Mapped[str | None] = mapped_column(String(50))
    is_active: Mapped[bool] = mapped_column(server_default=true())
    created_by: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    deactivated_at: Mapped[datetime | None] = mapped_column(Timestamp)


VALUE_TYPES = "value_type IN ('string', 'int', 'float', 'bool', 'json')"
"""What a setting's text may be; that of json is never null, as it spells null itself."""


class AppSetting(Base):
    """One setting of a category: text, and what to read it as."""

    __tablename__ = "app_settings"
    __table_args__ = (
        UniqueConstraint("category", "setting_key", name="uq_app_settings_key"),
        CheckConstraint("length(category) BETWEEN 1 AND 100", name="ck_app_settings_category"),
        CheckConstraint("length(setting_key) BETWEEN 1 AND 255", name="ck_app_settings_key"),
        CheckConstraint(VALUE_TYPES, name="ck_app_settings_type"),
        CheckConstraint(
            "setting_value IS NOT NULL OR value_type <> 'json'", name="ck_app_settings_value"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(100))
    setting_key: Mapped[str] = mapped_column(String(255))
    setting_value: Mapped[str | None] = mapped_column(Text)
    value_type: Mapped[str] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=true())


class Project(Base):
    """A project whose logs are read, from files or from Loki."""

    __tablename__ = "projects"
    __table_args__ = (
        UniqueConstraint("project_code", name="uq_projects_code"),
        CheckConstraint("length(project_code) BETWEEN 1 AND 50", name="ck_projects_code"),
        CheckConstraint("log_source_type IN ('file', 'loki')", name="ck_projects_source"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_code: Mapped[str] = mapped_column(String(50))
    project_name: Mapped[str] = mapped_column(String(255))
    log_source_type: Mapped[str] = mapped_column(String(20))
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=true())

    settings: Mapped[list[ProjectSetting]] = relationship(
        back_populates="project", cascade="all, delete-orphan", passive_deletes=True
    )
    environments: Mapped[list[Environment]] = relationship(
        back_populates="project", cascade="all, delete-orphan", passive_deletes=True
    )


def _project_id() -> Mapped[int]:
    return mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))


class ProjectSetting(Base):
    """One setting of a project: text, and what to read it as."""

    __tablename__ = "project_settings"
    __table_args__ = (
        UniqueConstraint("project_id", "setting_key", name="uq_project_settings_key"),
        CheckConstraint("length(setting_key) BETWEEN 1 AND 255", name="ck_project_settings_key"),
        CheckConstraint(VALUE_TYPES, name="ck_project_settings_type"),
        CheckConstraint(
            "setting_value IS NOT NULL OR value_type <> 'json'", name="ck_project_settings_value"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = _project_id()
    setting_key: Mapped[str] = mapped_column(String(255))
    setting_value: Mapped[str | None] = mapped_column(Text)
    value_type: Mapped[str] = mapped_column(String(20))

    project: Mapped[Project] = relationship(back_populates="settings")


class Environment(Base):
    """An environment of a project, and where its logs are."""

    __tablename__ = "environments"
    __table_args__ = (
        UniqueConstraint("project_id", "env_code", name="uq_environments_code"),
        CheckConstraint("length(env_code) BETWEEN 1 AND 50", name="ck_environments_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = _project_id()
    env_code: Mapped[str] = mapped_column(String(50))
    env_name: Mapped[str | None] = mapped_column(String(255))
    loki_namespace: Mapped[str | None] = mapped_column(String(255))
    log_base_path: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=true())

    project: Mapped[Project] = relationship(back_populates="environments")


class ContextRule(Base):
    """What matters in one context of logs, and what doesn't."""

    __tablename__ = "context_rules"
    __table_args__ = (
        UniqueConstraint("context", name="uq_context_rules_context"),
        CheckConstraint("length(context) BETWEEN 1 AND 255", name="ck_context_rules_context"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    context: Mapped[str] = mapped_column(String(255))
    important: Mapped[str | None] = mapped_column(Text)
    ignore: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=true())


class NegateRule(Base):
    """Log lines to leave out: those whose label compares so."""

    __tablename__ = "negate_rules"
    __table_args__ = (
        UniqueConstraint("label", "operator", "value", name="uq_negate_rules_rule"),
        CheckConstraint("length(label) BETWEEN 1 AND 255", name="ck_negate_rules_label"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(255))
    operator: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(server_default=true())


class ConfigRevision(Base):
    """One committed change of the database: the counter that readers follow.

    ``db_user``, ``application_name``, ``client_address`` and ``transaction_id``
    are what the database knows of a write past configsync: hints, not proof.
    ``owner`` is the id of the source that was applied, ``planned_commit_id`` the
    commit that a saved plan was made from, ``to_revision`` what a rollback went
    back to.
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


class ConfigWriter(Base):
    """SQLite only: a row here, within a transaction, tells the triggers that configsync writes."""

    __tablename__ = "config_writer"
    __table_args__ = ({"info": {"only": "sqlite"}},)

    id: Mapped[int] = mapped_column(primary_key=True)
