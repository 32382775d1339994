"""The tables of profiles."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from configsync.store.models.base import Base, Timestamp


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
