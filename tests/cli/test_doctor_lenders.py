"""`izin doctor` on the register of lenders: how many, and what was checked never or long ago."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from cli.doctor.lenders import NAMED, lender_lines
from models.reference.lender import LenderRow, shipped

TODAY = date(2026, 11, 28)


def lines(*rows: LenderRow, today: date = TODAY) -> list[str]:
    found = [*lender_lines(rows, today)]
    assert {line.part for line in found} == {"lenders"}
    return [f"{line.state} {line.told}" for line in found]


def checked(*days: int) -> list[LenderRow]:
    """Rows that were checked so many days ago."""
    row = shipped()[0]
    return [
        replace(row, id=f"a{n}", checked_on=TODAY - timedelta(days=day))
        for n, day in enumerate(days)
    ]


def test_rows_that_were_checked_lately_are_well() -> None:
    assert lines(*checked(0, 180)) == ["ok 2 lenders, none on board: every letter is carried there"]
    first, second = checked(0, 180)
    assert lines(first, replace(second, on_board=True)) == ["ok 2 lenders, 1 on board"]


def test_rows_that_nobody_checked_are_named() -> None:
    row = replace(shipped()[0], checked_on=None)
    _, never = lines(*(replace(row, id=f"b{n}") for n in range(NAMED + 2)))
    assert never.startswith("warn never checked: b0, b1, ")
    assert "b9 and 2 more. Their telephone numbers are not told." in never
    assert never.endswith("izin lenders import FILE")


def test_rows_that_were_checked_long_ago_are_named_with_the_day() -> None:
    _, stale = lines(*checked(10, 181))
    assert stale.startswith("warn checked more than 180 days ago: a1 (2026-05-31). ")
    assert len(lines(*checked(10, 180), today=TODAY)) == 1
