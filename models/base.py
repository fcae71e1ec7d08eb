"""Shared by all tables: the declarative base, naming conventions, and the database's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    MetaData,
    SQLColumnExpression,
    String,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

NOT_PERSONAL: dict[str, Any] = {"personal": None}  # the `info` of a column: see `models.personal`

#: Text from a fixed vocabulary of ours: a state, a key, a code. Never what people wrote or who
#: they are.
Code = Annotated[str, mapped_column(String, info=NOT_PERSONAL)]
#: Our own values as JSON; no personal data.
Details = Annotated[dict[str, Any], mapped_column(JSONB, info=NOT_PERSONAL)]


class Base(DeclarativeBase):
    """Times (`_at`) are aware and in UTC, days (`_on`) are dates, ids are bigints."""

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


def now(tx: Session) -> datetime:
    """Return the start of this transaction in UTC: the value of `now()` in SQL.

    Queried once per transaction, then cached. Use no other clock: a machine's own may be wrong.
    """
    cached: tuple[Any, datetime] | None = tx.info.get(_NOW)
    if cached is not None and cached[0] is tx.get_transaction():
        return cached[1]
    return keep_now(tx, tx.execute(select(func.now())).scalar_one())


def keep_now(tx: Session, at: datetime) -> datetime:
    """Cache the value of SQL's `now()` for later calls of `now` in this transaction."""
    at = at.astimezone(UTC)
    tx.info[_NOW] = tx.get_transaction(), at
    return at


def unleased(until: SQLColumnExpression[datetime | None], lease: timedelta) -> ColumnElement[bool]:
    """SQL condition: the row has no lease, an expired one, or one that ends after any real lease.

    A lease ends that late when the database's clock was set back. It is ignored: the row of a dead
    process would otherwise wait until the clock caught up.
    """
    return or_(until.is_(None), until <= func.now(), until > func.now() + 2 * lease)


_NOW = "now"  # key in `Session.info`: (its transaction, the time)
