"""`izin doctor` on the register of lenders: rows that nobody checked, or long ago."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from cli.doctor.line import Line
from models.reference.lender import STALE, LenderRow

NAMED = 10  # lenders listed in one line
_MEND = (
    "Their telephone numbers are not told. Check them, enter source_url and checked_on in the file "
    "that izin lenders export writes, and import it: izin lenders import FILE"
)


def lender_lines(rows: Sequence[LenderRow], today: date) -> Iterator[Line]:
    on_board = sum(row.on_board for row in rows)
    takes = f"{on_board} on board" if on_board else "none on board: every letter is carried there"
    yield Line("ok", "lenders", f"{len(rows)} lenders, {takes}")
    never = [row.id for row in rows if row.checked_on is None]
    if never:
        yield Line("warn", "lenders", f"never checked: {_some(never)}. {_MEND}")
    stale = [
        f"{row.id} ({row.checked_on})" for row in rows if row.checked_on and not row.fresh(today)
    ]
    if stale:
        told = f"checked more than {STALE.days} days ago: {_some(stale)}. {_MEND}"
        yield Line("warn", "lenders", told)


def _some(names: Iterable[str]) -> str:
    """Return the first names, and how many others there are."""
    listed = list(names)
    more = len(listed) - NAMED
    return ", ".join(listed[:NAMED]) + (f" and {more} more" if more > 0 else "")
