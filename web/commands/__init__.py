"""What the commands of `izin` share: settings read once, refusals said on one line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from sqlalchemy.orm import Session

from models.infrastructure import database, encryption, logs
from models.infrastructure.settings import Settings as EverySettings

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

S = TypeVar("S", bound=EverySettings)

ACTOR = "command"  # who does it, in the audit


class Refusal(Exception):
    """The command can't be carried out as it was given; the message says what would be."""


def read_settings(kind: type[S]) -> S:
    """Read a room's settings, and let this process log and open the record as they say."""
    settings = kind.from_environment(os.environ)
    logs.configure(settings.log_level)
    encryption.use(settings.key_ring)
    return settings


@contextmanager
def transaction(settings: EverySettings) -> Iterator[Session]:
    """One transaction of a command, which keeps the quiet hours that are set."""
    with database.session(settings.database_url.reveal(), quiet=settings.quiet) as tx:
        yield tx
