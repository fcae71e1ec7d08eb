"""Lenders that owners name when they ask for relief on a loan: the register's rows, and its CSV.

The city keeps its own file and imports it (`izin lenders import`); `lenders.csv` here is shipped.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from models.infrastructure.errors import OperatorError
from models.reference import city_file

SHIPPED = Path(__file__).with_name("lenders.csv")
STALE = timedelta(days=180)  # since a row was checked; an older telephone number is not told

Kind = Literal["bank", "bpr", "cooperative", "pnm", "leasing", "online"]
Authority = Literal["ojk", "kemenkop"]

COLUMNS = (
    "id", "kind", "name", "aliases", "supervised_by", "address_to", "on_board", "phone",
    "source_url", "checked_on",
)  # fmt: skip
MAX_ROWS, MAX_ALIASES, MAX_LINES = 5_000, 40, 20_000
MAX_NAME, MAX_ADDRESSEE = 60, 120  # characters
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_ID = 40  # characters, as on a button


class BadLenders(OperatorError):
    """A file of lenders can't be read; the message names every wrong line and the reason."""


@dataclass(frozen=True, slots=True)
class LenderRow:
    """A lender as the register holds it; never a private person."""

    id: str
    kind: str  # a `Kind`
    name: str
    aliases: tuple[str, ...]  # what people call it
    supervised_by: str  # an `Authority`
    address_to: str  # whom a letter addresses: "Pimpinan Cabang BRI"
    on_board: bool  # it takes letters by its own channel
    phone: str
    source_url: str
    checked_on: date | None

    def fresh(self, today: date) -> bool:
        """Whether somebody checked the row lately."""
        return self.checked_on is not None and today - self.checked_on <= STALE


@cache
def shipped() -> tuple[LenderRow, ...]:
    """Return the rows that are shipped, once a process."""
    return read(SHIPPED.read_text(encoding="utf-8"), date.max)


def read(text: str, today: date) -> tuple[LenderRow, ...]:
    """Read a file of lenders: CSV with the columns `COLUMNS`, separated by "," or ";".

    Raises:
        BadLenders: the file or rows of it are wrong; the message lists all by line.
    """
    lines = list(_lines(text.removeprefix("\ufeff")))
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    if sorted(header) != sorted(COLUMNS):
        raise BadLenders(f"The first line must name the columns {','.join(COLUMNS)}.")
    rows: dict[str, LenderRow] = {}
    problems: list[str] = []
    for line, cells in lines[1:]:
        try:
            row = _row(header, cells, today)
            if row.id in rows:
                raise ValueError(f"id {row.id!r} stands there already")
        except ValueError as error:
            problems.append(f"line {line}: {error}")
        else:
            rows[row.id] = row
    if len(rows) > MAX_ROWS:
        problems.append(f"{len(rows)} lenders, at most {MAX_ROWS}")
    if problems:
        raise BadLenders("\n".join(["The file of lenders is not right:", *problems]))
    return tuple(rows.values())


def written(rows: Iterable[LenderRow]) -> str:
    """Return rows as a file that `read` reads."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        checked = row.checked_on.isoformat() if row.checked_on else ""
        on_board = "yes" if row.on_board else "no"
        table.writerow((
            row.id, row.kind, row.name, "|".join(row.aliases), row.supervised_by, row.address_to,
            on_board, row.phone, row.source_url, checked,
        ))  # fmt: skip
    return file.getvalue()


def _lines(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Return the lines that hold something, with their numbers.

    Raises:
        BadLenders: it is no CSV.
    """
    first = text.partition("\n")[0]
    table = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > 2 else ",")
    try:
        for cells in table:
            if table.line_num > MAX_LINES:
                raise BadLenders(f"The file has more than {MAX_LINES} lines.")
            if any(cell.strip() for cell in cells):
                yield table.line_num, cells
    except csv.Error as error:
        raise BadLenders(f"line {table.line_num}: the file is no CSV: {error}") from error


def _row(header: Sequence[str], cells: Sequence[str], today: date) -> LenderRow:
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} columns, and {len(header)} are needed")
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    problems: list[str] = []
    values: dict[str, str] = {}
    for name, reader in _READERS.items():
        try:
            values[name] = reader(given[name])
        except ValueError as error:
            problems.append(f"{name}: {error}")
    aliases, wrong = _aliases(given["aliases"])
    checked, late = _checked(given["checked_on"], given["source_url"], today)
    problems += [*wrong, *late]
    if problems:
        raise ValueError("; ".join(problems))
    on_board = values.pop("on_board") == "yes"
    return LenderRow(**values, aliases=aliases, on_board=on_board, checked_on=checked)


def _identifier(cell: str) -> str:
    if not _ID.fullmatch(cell) or len(cell) > _MAX_ID:
        raise ValueError(f"{cell!r} is not in small letters, digits and dashes, such as bank-dki")
    return cell


def _one_of(cell: str, known: Sequence[str]) -> str:
    if cell not in known:
        raise ValueError(f"{cell!r} is not one of {', '.join(known)}")
    return cell


def _text(cell: str, at_most: int) -> str:
    text = " ".join(cell.split())
    if not 2 <= len(text) <= at_most or not text.isprintable():
        raise ValueError(f"{text!r} has {len(text)} characters; 2 to {at_most} are needed")
    return text


def _aliases(cell: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the aliases, and what is wrong with them."""
    said = [" ".join(one.split()) for one in cell.split("|")]
    wrong = []
    if len(said) > MAX_ALIASES:
        wrong.append(f"aliases: {len(said)}, at most {MAX_ALIASES}")
    kept = []
    for alias in filter(None, said):
        try:
            kept.append(_text(alias, MAX_NAME))
        except ValueError as error:
            wrong.append(f"aliases: {error}")
    return tuple(dict.fromkeys(kept)), wrong


def _checked(cell: str, source: str, today: date) -> tuple[date | None, list[str]]:
    """Return the day of the check, and what is wrong with it."""
    if not cell:
        return None, []
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        return None, [f"checked_on: {cell!r} is no day such as 2026-11-28"]
    if day > today:
        return None, [f"checked_on: {cell} is still to come"]
    return day, [] if source else ["source_url is missing: where it was checked"]


_READERS: Mapping[str, Callable[[str], str]] = {
    "id": _identifier,
    "kind": lambda cell: _one_of(cell, get_args(Kind)),
    "name": lambda cell: _text(cell, MAX_NAME),
    "supervised_by": lambda cell: _one_of(cell, get_args(Authority)),
    "address_to": lambda cell: _text(cell, MAX_ADDRESSEE),
    "on_board": lambda cell: _one_of(cell, ("yes", "no")),
    "phone": lambda cell: city_file.phone(cell) if cell else "",
    "source_url": lambda cell: city_file.url(cell) if cell else "",
}
