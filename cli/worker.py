"""`izin worker`: a process that does tasks."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from models.startup import read_settings
from workers import queue
from workers.settings import Settings


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_work)


def _work(given: Namespace) -> int:
    queue.work(read_settings(Settings))
    return 0
