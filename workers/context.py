"""The context of every job, and the shape that a job has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.infrastructure import quiet
from models.infrastructure.quiet import QuietHours
from models.infrastructure.storage import Storage
from models.task import Task
from workers.settings import Kept

ACTOR = "worker"  # who does it, in the audit


@dataclass(frozen=True, slots=True)
class Context:
    """The resources of a worker process from its start to its end."""

    engine: Engine
    storage: Storage
    public_url: str
    permit_office: str | None = None  # who issues permits; while office or signer is missing,
    permit_signer: str | None = None  # permits are samples
    kept: Kept = field(default_factory=Kept)
    quiet: QuietHours = quiet.OFF

    def session(self) -> Session:
        """A session on the database; the caller begins and ends its transaction."""
        return Session(self.engine, info=self.quiet.info)


#: Writes what a task brings about, in the transaction that closes the task. Gives the time at which
#: the task is due again, or None when it is done.
Settle: TypeAlias = Callable[[Session, Task], datetime | None]

#: Does what takes long (reading files, typesetting), or needs the context, about a subject id while
#: no lock is held.
Prepare: TypeAlias = Callable[[Context, int], Settle]
