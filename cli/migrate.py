"""`izin migrate`: migrates the database to the current schema."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bot.settings import Settings
from models import migrations
from models.startup import read_settings


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_migrate)


def _migrate(given: Namespace) -> int:
    migrations.upgrade(read_settings(Settings).database_url.reveal())
    return 0
