"""`izin aside`: lists rows that were set aside after an error of ours, retries or closes them."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from bot.settings import Settings
from models import aside
from models.startup import read_settings, transaction


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    listing = acts.add_parser("list", help="Show what is set aside, the oldest of each kind first")
    listing.set_defaults(act=_list)
    listing.add_argument("--limit", type=int, default=100, help="rows of each kind (default: 100)")
    again = acts.add_parser("retry", help="Process it once more, as if it had arrived now")
    again.set_defaults(act=_retry)
    closing = acts.add_parser("close", help="Close it without processing it")
    closing.set_defaults(act=_close)
    for act in (again, closing):
        act.add_argument("kind", choices=[kind.value for kind in aside.Kind])
        act.add_argument("id", type=int)
    closing.add_argument("--reason", required=True, help="for the audit; no names")


def _list(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        for one in aside.waiting(tx, limit=given.limit):
            since = one.since.isoformat(timespec="seconds")
            print(f"{one.kind}\t{one.id}\tperson {one.person_id}\t{since}\t{one.why}")
    return 0


def _retry(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        aside.retry(tx, aside.Kind(given.kind), given.id)
    return 0


def _close(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        aside.close(tx, aside.Kind(given.kind), given.id, given.reason)
    return 0
