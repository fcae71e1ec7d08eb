"""`izin health`: tells whether a kind of process is alive; imports little, as it runs often."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace

import psycopg

from models.infrastructure import liveness
from models.infrastructure.errors import OperatorError
from workers.settings import Settings


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_health)
    parser.add_argument("process", choices=("worker", "dispatcher"))


def _health(given: Namespace) -> int:
    settings = Settings.from_environment(os.environ)
    try:
        alive = liveness.alive(settings.database_url.reveal(), given.process)
    except psycopg.Error as error:
        raise OperatorError(f"The database can't be queried: {error}") from error
    print("alive" if alive else f"no {given.process} was seen in the last {liveness.STALE}")
    return 0 if alive else 1
