"""Heartbeat checks without SQLAlchemy: a container's health check starts a process each time."""

from __future__ import annotations

from datetime import timedelta

import psycopg

STALE = timedelta(seconds=30)  # a process sends a heartbeat every few seconds
PATIENCE = 5  # seconds for a connection

#: Parameters: `name`, the kind of process, and `stale`, an interval.
ALIVE = """
    SELECT beat_at BETWEEN now() - %(stale)s AND now() + %(stale)s
      FROM heartbeats WHERE name = %(name)s
"""


def alive(url: str, name: str) -> bool:
    """Whether a process of this kind sent a heartbeat within `STALE` (models/heartbeat.py).

    Raises:
        psycopg.Error: the database is unavailable, or has no table `heartbeats`.
    """
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain, connect_timeout=PATIENCE, autocommit=True) as connection:
        row = connection.execute(ALIVE, {"stale": STALE, "name": name}).fetchone()
    return row is not None and bool(row[0])
