"""Retention: rows of logs that are closed and have served are deleted, the oldest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, SQLColumnExpression, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session


def forget(
    tx: Session,
    number: InstrumentedAttribute[int],
    ended: SQLColumnExpression[datetime],
    before: datetime,
    *,
    limit: int,
) -> bool:
    """Delete those of the `limit` oldest rows that ended before a time; True if there are more.

    `number` is the primary key of a table whose rows are numbered as they come, so what is old lies
    at its beginning. An index over times would find it as well, but every message would have to be
    entered in it. Rows that never ended stay, and are looked at again.
    """
    oldest = select(number).order_by(number).limit(limit).subquery()
    last = tx.scalar(select(func.max(oldest.c[number.key])))
    if last is None:
        return False
    gone = tx.execute(
        delete(number.class_).where(number <= last, ended < before),
        execution_options={"synchronize_session": False},
    )
    return cast("CursorResult[Any]", gone).rowcount > limit // 2
