"""What all models share: the base, and column types that differ between the two databases."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, DateTime, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

JsonColumn = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")
Timestamp = DateTime(timezone=True)

VALUE_TYPES = "value_type IN ('string', 'int', 'float', 'bool', 'json')"
"""What a setting's text may be; that of json is never null, as it spells null itself."""


class Base(DeclarativeBase):
    """The base of all models."""
