"""`izin identity`: makes a new link to the identity page, if an owner's link is lost or expired."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser

from bot.settings import Settings
from cli.base import ACTOR, Refusal
from conversations import reference
from models import audit, identity
from models import case as cases
from models.lifecycle import OPEN_CASES, CaseState
from models.startup import read_settings, transaction


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    link = acts.add_parser("link", help="Print a new link for a case; the old one ends")
    link.set_defaults(act=_link)
    link.add_argument("number", help="of the case, such as 26-000123")


def _link(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    number = reference.case_number(given.number)
    if number is None:
        raise Refusal(f"{given.number!r} is no case's number. Example: 26-000123")
    with transaction(settings) as tx:
        row = cases.by_number(tx, number)
        if row is None:
            raise Refusal(f"There is no case {number}.")
        if row.state not in OPEN_CASES:
            raise Refusal(f"{number} is {row.state}: no identity is needed any more.")
        if row.answers.get("identity") != "page":
            raise Refusal(f"{number} needs no link: its owner shows the KTP to the officer.")
        known = identity.of_people(tx, [row.person_id])
        if known and row.state != CaseState.NEEDS_FIX:
            raise Refusal(f"{number} needs no link: the identity was given already.")
        ended = identity.end_own_links(tx, row.person_id)
        token = identity.link(tx, person_id=row.person_id, holder_id=row.person_id)
        audit.note(tx, ACTOR, "identity.link_made", f"case:{row.id}", ended=ended)
    print(f"{settings.public_url}/identitas/{token}")
    hours = int(identity.LINK_LIFE.total_seconds() // 3600)
    print(
        f"Works once, for {hours} hours. Give it only to the owner of {number}; "
        "earlier links no longer work.",
        file=sys.stderr,
    )
    return 0
