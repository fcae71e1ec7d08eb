"""Shared by all tables: the declarative base, its naming, and the clock of the database."""

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

#: A word of ours: a state, a key, a code. Never what people said, and nothing that names them.
Code = Annotated[str, mapped_column(String, info=NOT_PERSONAL)]
#: Values of ours as JSON; no personal data.
Details = Annotated[dict[str, Any], mapped_column(JSONB, info=NOT_PERSONAL)]


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


def now(tx: Session) -> datetime:
    """When this transaction began by the database's clock, in UTC: what `now()` gives in SQL.

    It is asked once in a transaction. There is no other clock: a machine's own may be wrong.
    """
    noted: tuple[Any, datetime] | None = tx.info.get(_NOW)
    if noted is not None and noted[0] is tx.get_transaction():
        return noted[1]
    return keep_now(tx, tx.execute(select(func.now())).scalar_one())


def keep_now(tx: Session, at: datetime) -> datetime:
    """Remember what `now()` gave in this transaction, for whoever asks `now` later in it."""
    at = at.astimezone(UTC)
    tx.info[_NOW] = tx.get_transaction(), at
    return at


def unleased(until: SQLColumnExpression[datetime | None], lease: timedelta) -> ColumnElement[bool]:
    """Whether nobody has a row in hand: its lease is over, or ends later than any lease would.

    A lease ends that late when the database's clock was put back. It holds for nobody: a row of a
    dead process would otherwise wait until the clock is there again.
    """
    return or_(until.is_(None), until <= func.now(), until > func.now() + 2 * lease)


_NOW = "now"  # in a session's notes: (its transaction, the time)
