"""`izin helpers`: invites heads of RT/RW and kader, who tell of places in their area."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser

from bot.settings import Settings
from cli.base import Refusal
from cli.invitations import invitation
from models import helper
from models.reference import area
from models.startup import read_settings, transaction


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    invite = acts.add_parser("invite", help="Print an invitation for an area")
    invite.set_defaults(act=_invite)
    invite.add_argument("--area", required=True, help="code of a kelurahan or kecamatan: 31.74.05")
    acts.add_parser("list", help="Show all, and who has not joined yet").set_defaults(act=_list)
    end = acts.add_parser("end", help="End a helper's rights")
    end.set_defaults(act=_end)
    end.add_argument("number", type=int)


def _invite(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    if area.load().get(given.area) is None:
        raise Refusal(f"There is no area {given.area}. Example: --area 31.74.05")
    with transaction(settings) as tx:
        number, token = helper.invite(tx, given.area)
    print(invitation(settings, f"join-{token}"))
    days = helper.INVITATION_LIFE.days
    print(f"Number {number}; works once, for {days} days. Give it in person.", file=sys.stderr)
    return 0


def _list(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        for row in helper.everyone(tx):
            state = "joined" if row.person_id is not None else "has not joined"
            print(f"{row.id}\t{row.area_code}\t{state}")
    return 0


def _end(given: argparse.Namespace) -> int:
    with transaction(read_settings(Settings)) as tx:
        if not helper.end(tx, given.number):
            raise Refusal(f"There is no helper {given.number}. See: izin helpers list")
    print(f"{given.number} has ended.")
    return 0
