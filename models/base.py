"""What every table shares: the declarative base, its naming, and the clock of the record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Date, DateTime, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

WIB = timezone(timedelta(hours=7), "WIB")  # Jakarta keeps no summer time


class Base(DeclarativeBase):
    """Times are aware and UTC (`_at`), days are dates (`_on`), ids are bigints."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: String,
        datetime: DateTime(timezone=True),
        date: Date,
        dict[str, Any]: JSONB,
        list[str]: JSONB,
    }


def now() -> datetime:
    """The time it is, aware, in UTC."""
    return datetime.now(UTC)
