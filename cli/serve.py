"""`izin serve`: serves webhooks and pages, and runs the bot."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from bot.settings import Settings
from models.startup import enter_keys, read_settings
from web import app, server


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_serve)


def _serve(given: Namespace) -> int:
    settings = read_settings(Settings)
    enter_keys(settings)
    server.run(app.build(settings), settings)
    return 0
