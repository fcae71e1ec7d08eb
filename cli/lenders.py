"""`izin lenders`: the register of lenders, as CSV in and out."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import Settings
from casework import lenders
from casework.act import by_office
from cli.base import ACTOR, Refusal
from models import lender
from models.base import now
from models.infrastructure.wib import WIB
from models.reference.lender import COLUMNS, read, written
from models.startup import read_settings, transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.base import Commands

MAX_SIZE = 5_000_000  # bytes of a file


def add(parser: ArgumentParser) -> None:
    """Add the subcommands to the parser."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    imports = _act(acts, "import", _import, "Add the lenders of a file, or change them")
    imports.add_argument("file", type=Path, help=f"CSV with the columns {','.join(COLUMNS)}")
    imports.add_argument(
        "--replace", action="store_true", help="take out all lenders that are not in the file"
    )
    _act(acts, "export", _export, "Write the register as such a file, to the standard output")
    _act(acts, "list", _list, "Show the lenders, and when each was checked")


def _act(
    acts: Commands,
    name: str,
    work: Callable[[argparse.Namespace, Settings], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=what, description=what)
    parser.set_defaults(act=lambda given: work(given, read_settings(Settings)))
    return parser


def _import(given: argparse.Namespace, settings: Settings) -> int:
    text = _text(given.file)
    with transaction(settings) as tx:
        rows = read(text, now(tx).astimezone(WIB).date())
        if not rows:
            raise Refusal(f"{given.file} holds no lender. Nothing was changed.")
        act = by_office(tx, ACTOR, "lenders")
        changes = lenders.put(act, rows, replace=given.replace)
    for what in ("added", "changed", "removed"):
        for row in getattr(changes, what):
            print(f"{what}\t{row.id}\t{row.name}")
    print(
        f"{len(changes.added)} added, {len(changes.changed)} changed, "
        f"{len(changes.removed)} removed, {changes.same} as before"
    )
    return 0


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Refusal(f"{file} can't be read: {error.strerror}.") from error
    if len(content) > MAX_SIZE:
        raise Refusal(f"{file} is larger than {MAX_SIZE} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"{file} is not in UTF-8. Save it as CSV in UTF-8.") from error


def _export(given: argparse.Namespace, settings: Settings) -> int:
    with transaction(settings) as tx:
        print(written(lender.load(tx)), end="")
    return 0


def _list(given: argparse.Namespace, settings: Settings) -> int:
    with transaction(settings) as tx:
        today, rows = now(tx).astimezone(WIB).date(), lender.load(tx)
    for row in rows:
        checked = f"checked {row.checked_on}" if row.checked_on else "never checked"
        marks = [checked, *(["too long ago"] if row.checked_on and not row.fresh(today) else [])]
        marks += ["on board"] if row.on_board else []
        print(f"{row.id}\t{row.kind}\t{row.name}\t{', '.join(marks)}")
    return 0
