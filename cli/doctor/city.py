"""`izin doctor` on the city file: reports facts that are empty, or were checked too long ago."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from cli.doctor.line import Line
from models.reference import city_file
from models.reference.city_file import EXAMPLE, STALE, BadCityFile, Row

_AGAIN = "Then start izin serve (or izin poll) again."


def city_lines(path: str | None, today: date) -> Iterator[Line]:
    try:
        city = city_file.read(path)
    except BadCityFile as error:
        yield from (Line("FAIL", "city", why) for why in _reasons(str(error), path))
        return
    if path is None:
        yield Line(
            "warn",
            "city",
            "CITY_FILE is not set, so people are told no address, number or page of any office. "
            f"Copy {EXAMPLE}, fill in the copy, and set CITY_FILE to its path.",
        )
        return
    lines = [*_empty(city.empty(), path), *_stale(city.stale(today), path)]
    lines += _early(city.early(today), path)
    yield from lines or [
        Line("ok", "city", f"all {len(city.rows)} facts were checked in {STALE.days} days")
    ]


def _reasons(told: str, path: str | None) -> Iterator[str]:
    """Return a line for each wrong row, or one for the whole file."""
    first, *rows = told.split("\n")
    yield from (f"{row}. Correct it in {path}." for row in rows) if rows else [first]


def _empty(keys: Iterable[str], path: str) -> Iterator[Line]:
    """Report empty rows by their office: "bpom (phone, url)"."""
    offices = defaultdict[str, list[str]](list)
    for key in keys:
        office, _, name = key.partition(".")
        offices[office].append(name)
    if offices:
        named = ", ".join(f"{office} ({', '.join(names)})" for office, names in offices.items())
        yield Line(
            "warn",
            "city",
            f"people are not told what is empty: {named}. Fill these rows of {path}, with "
            f'"-" where there is no such fact. {_AGAIN}',
        )


def _stale(rows: Mapping[str, Row], path: str) -> Iterator[Line]:
    if rows:
        yield Line(
            "warn",
            "city",
            f"checked more than {STALE.days} days ago: {_dated(rows)}. Check again, and enter the "
            f"day in {path}. {_AGAIN}",
        )


def _early(rows: Mapping[str, Row], path: str) -> Iterator[Line]:
    if rows:
        yield Line(
            "warn",
            "city",
            f"the day of the check is still to come: {_dated(rows)}. Correct it in {path}.",
        )


def _dated(rows: Mapping[str, Row]) -> str:
    return ", ".join(f"{key} ({row.checked}, {row.source})" for key, row in rows.items())
