"""`izin dispatch`: the process that enqueues due tasks for the workers."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser, Namespace

from models.startup import read_settings
from workers import dispatcher
from workers.settings import Settings


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_dispatch)


def _dispatch(given: Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    dispatcher.dispatch(read_settings(Settings), stop)
    return 0
