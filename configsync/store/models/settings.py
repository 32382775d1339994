"""The table of application settings."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from configsync.store.models.base import VALUE_TYPES, Base


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
    is_sensitive: Mapped[bool] = mapped_column(server_default=false())
