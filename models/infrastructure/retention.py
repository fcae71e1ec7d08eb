"""Retention: deletes old closed rows of log tables, oldest first."""

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
    """Delete those of the `limit` oldest rows that ended before a time; True if more are likely.

    `number` is a primary key that grows with time, so old rows are at its beginning. An index over
    times would find them, too, but every insert would have to update it. Rows that have not ended
    stay, and are read again by the next call.
    """
    oldest = select(number).order_by(number).limit(limit).subquery()
    last = tx.scalar(select(func.max(oldest.c[number.key])))
    if last is None:
        return False
    deleted = tx.execute(
        delete(number.class_).where(number <= last, ended < before),
        execution_options={"synchronize_session": False},
    )
    return cast("CursorResult[Any]", deleted).rowcount > limit // 2
