"""The table of prompts' versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from configsync.store.models.base import Base, JsonColumn, Timestamp


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
