"""The tables of context rules and negate rules."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from configsync.store.models.base import Base


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
