"""Days that pass: the product knows one clock, the database's, so the rows' times are moved."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Date, DateTime, text

from models.base import Base


def let_pass(connection: Connection, time: timedelta) -> None:
    """Make everything in the database so much longer ago; days are moved by whole days.

    A negative time brings rows of long ago near. What is inside encrypted columns, such as the
    windows that a chat has shown, stays as it is.
    """
    days = round(time / timedelta(days=1))
    for table in Base.metadata.sorted_tables:
        moved = [
            f'"{column.name}" = "{column.name}" - make_interval(secs => :seconds)'
            if isinstance(column.type, DateTime)
            else f'"{column.name}" = "{column.name}" - CAST(:days AS integer)'
            for column in table.columns
            if isinstance(column.type, Date | DateTime)
        ]
        if moved:
            connection.execute(
                text(f"UPDATE {table.name} SET {', '.join(moved)}"),  # noqa: S608
                {"seconds": time.total_seconds(), "days": days},
            )
