"""`izin days`: closes a day, or opens a holiday, for officers' work."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from bot.settings import Settings
from casework import days
from casework.act import by_office
from cli.base import ACTOR, Refusal
from models import calendar
from models.base import now
from models.infrastructure.wib import WIB
from models.startup import read_settings, transaction

if TYPE_CHECKING:
    from cli.base import Commands

_WHY = {
    "holiday": "a public holiday",
    "joint_leave": "joint leave (cuti bersama)",
    "closed": "closed already",
}


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    closes = _act(acts, "close", _close, "Close a day: no visits are agreed for it")
    closes.add_argument(
        "--move", action="store_true", help="offer other times to owners with a visit on it"
    )
    opens = _act(acts, "open", _open, "Let officers work on a holiday, or on a day that was closed")
    for act in (closes, opens):
        act.add_argument("day", type=date.fromisoformat, help="as 2026-12-31")
        act.add_argument("--reason", required=True, help="for the audit; no names")
    _act(acts, "list", _list, "Show the entered days from today on")


def _act(
    acts: Commands,
    name: str,
    work: Callable[[argparse.Namespace, Settings], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=what, description=what)
    parser.set_defaults(act=lambda given: work(given, read_settings(Settings)))
    return parser


def _close(given: argparse.Namespace, settings: Settings) -> int:
    with transaction(settings) as tx:
        _refuse_past(given.day, now(tx).astimezone(WIB).date())
        why = calendar.load(tx).why_closed(given.day)
        if why is not None and why != "closed":
            raise Refusal(f"{given.day} is {_WHY[why]}: officers do not work then anyhow.")
        act = by_office(tx, ACTOR, f"day:{given.day}")
        agreed = days.close(act, given.day, given.reason, move=given.move)
    if agreed and not given.move:
        numbers = ", ".join(map(str, agreed))
        raise Refusal(
            f"{len(agreed)} visits are agreed for {given.day} (ids {numbers}). Nothing was "
            "changed. With --move the day is closed, these visits are called off, and owners, "
            "officers and supervisors are told; owners choose other times."
        )
    left = [visit_id for visit_id in agreed if not _give_up(settings, visit_id)]
    print(f"{given.day} is closed; {len(agreed) - len(left)} visits were called off")
    if left:
        raise Refusal(
            f"Officers are under way to the visits {', '.join(map(str, left))}: they were left."
        )
    return 0


def _give_up(settings: Settings, visit_id: int) -> bool:
    with transaction(settings) as tx:
        return days.give_up(by_office(tx, ACTOR, f"day_closed:{visit_id}"), visit_id)


def _open(given: argparse.Namespace, settings: Settings) -> int:
    with transaction(settings) as tx:
        _refuse_past(given.day, now(tx).astimezone(WIB).date())
        if calendar.load(tx).is_open(given.day):
            raise Refusal(
                f"{given.day} is open already: officers whose hours it is work then. To change "
                "these: izin officers hours"
            )
        calendar.decide(tx, given.day, works=True, reason=given.reason, actor=ACTOR)
    print(f"{given.day} is open")
    return 0


def _list(given: argparse.Namespace, settings: Settings) -> int:
    with transaction(settings) as tx:
        for row in calendar.special_days(tx, now(tx).astimezone(WIB).date()):
            print(f"{row.on}\t{'open' if row.works else 'closed'}\t{row.reason}")
    return 0


def _refuse_past(day: date, today: date) -> None:
    if day < today:
        raise Refusal(f"{day} has passed: today is {today}.")
