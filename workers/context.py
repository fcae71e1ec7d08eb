"""The context of every job, and the types of its two phases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.infrastructure import guards, quiet
from models.infrastructure.guards import Guards
from models.infrastructure.quiet import QuietHours
from models.infrastructure.storage import Storage
from models.task import Task
from workers.settings import Kept

ACTOR = "worker"  # in the audit log


@dataclass(frozen=True, slots=True)
class Context:
    """The resources of a worker process for its whole life."""

    engine: Engine
    storage: Storage
    public_url: str
    permit_office: str | None = None  # the issuer of permits; without an office and a signer,
    permit_signer: str | None = None  # permits are samples
    kept: Kept = field(default_factory=Kept)
    quiet: QuietHours = quiet.OFF
    guards: Guards = guards.USUAL

    def session(self) -> Session:
        """Return a database session; the caller begins and ends its transaction."""
        return Session(self.engine, info=self.quiet.info | self.guards.info)


#: Writes the task's result, in the transaction that closes the task. Returns the time at which the
#: task is due again, or None when it is done.
Settle: TypeAlias = Callable[[Session, Task], datetime | None]

#: Does the slow part of a task (reading files, typesetting), or the part that needs the context.
#: Takes a subject id and holds no lock.
Prepare: TypeAlias = Callable[[Context, int], Settle]
