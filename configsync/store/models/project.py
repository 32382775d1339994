"""The tables of projects."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from configsync.store.models.base import VALUE_TYPES, Base


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
