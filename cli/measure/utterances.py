"""Plays single answers on the parsers: sums, days, times, numbers, places and intents.

A result is written like a label: `5000000|month`, `<=1000000`, `2026-11-28..2026-11-29`,
`PAST:2026-11-20`, `AMBIGUOUS:a;b`. A refusal that no label stands for is written as its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from casework.lenders import shipped_register
from cli.measure.scored import Scored
from conversations.facts import WIB, Facts
from conversations.parsers import Refused, address, dates, money, phone, place, times
from conversations.phrases import intent
from models.calendar import Calendar
from models.infrastructure.errors import OperatorError
from models.reference import area, business_type

_NONE, _INVALID, _ANY, _AMBIGUOUS = "NONE", "INVALID", "ANY", "AMBIGUOUS:"

#: Reasons of refusals, and the labels that say the same.
_LABELS: Mapping[str, str] = {
    "not_money": _NONE,
    "not_a_day": _NONE,
    "no_such_day": _INVALID,
    "not_a_part_of_day": _NONE,
    "no_such_time": _INVALID,
    "only_by_day": "evening",
    "no_phone": _NONE,
    "not_a_phone": _INVALID,
    "not_rt_rw": _NONE,
    "rt_rw_out_of_range": _NONE,
    "outside_jakarta": "OUTSIDE",
    "unknown_place": _NONE,
}


class UnreadableRow(OperatorError):
    """A row has an unknown type, or a label or date that is no such thing."""


def play(rows: Iterable[Mapping[str, str]]) -> Iterator[Scored]:
    """Read each answer on its `reference_date`, or today if it has none.

    Right is the value that the person would get, or would be asked about: an ambiguous answer is
    right if all expected readings are offered, a time if the part of the day is right.

    Raises:
        UnreadableRow: a row has an unknown type, or a label or date that can't be read.
    """
    for row in rows:
        kind, said, expected = row["type"], row["input"], row["expected"]
        if kind not in _READERS:
            raise UnreadableRow(f"{kind!r} is not one of {', '.join(sorted(_READERS))}")
        got = _READERS[kind](said, _facts(row["reference_date"]))
        try:
            right = got == expected or _SAME.get(kind, _same_readings)(expected, got)
        except ValueError as error:
            raise UnreadableRow(f"{kind} {said!r}, {expected!r}: {error}") from error
        yield Scored(kind, said, expected, got, right)


def _facts(reference_date: str) -> Facts:
    try:
        on = date.fromisoformat(reference_date) if reference_date else datetime.now(WIB).date()
    except ValueError as error:
        raise UnreadableRow(f"{reference_date!r} is no date, like 2026-11-23") from error
    now = datetime.combine(on, time(9), WIB)
    lenders = shipped_register(now.date())
    return Facts(now, area.load(), business_type.load(), lenders, Calendar())


def _label(refusal: Refused) -> str:
    """Write a refusal: the readings that are offered, a label, or else its reason."""
    values = [reading.value for reading in refusal.readings]
    if len(values) == 1:
        return values[0]  # "is it this one?"
    if values:
        return _AMBIGUOUS + ";".join(values)
    return _LABELS.get(refusal.reason, refusal.reason)


# --- the parsers


def _money(said: str, facts: Facts) -> str:
    """Read a sum with its bound and period, which the parser itself drops."""
    amount = money.read(said)
    low, high = (amount.low, amount.high) if amount else (None, None)
    try:
        value = str(money.money()(said, facts))
    except Refused as refusal:
        if refusal.reason == "confirm_sum":
            value = _label(refusal)
        elif refusal.reason == "which_sum" and low is not None and high is not None:
            value = f"{low}-{high}"
        else:
            return _label(refusal)
    if amount and amount.low is None and high is not None:
        value = f"<={value}"
    elif amount and amount.high is None and low is not None:
        value = f">={value}"
    return f"{value}|{amount.period}" if amount and amount.period else value


def _date(said: str, facts: Facts) -> str:
    """Read days; one on which nobody works is understood, since the person is told so."""
    named = dates.read(said, facts.today)
    try:
        dates.days()(said, facts)
    except Refused as refusal:
        if refusal.reason not in ("day_past", "no_working_day"):
            return _label(refusal)
    if named is None:
        return _NONE
    signs = {"past": "PAST:", "not": "NOT:", "any": _ANY, "asap": "ASAP"}
    return signs.get(named.kind, "") + _written(named.days)


def _time(said: str, facts: Facts) -> str:
    """Read a part of the day, which is all that the parser keeps of a time."""
    try:
        part = times.part_of_day()(said, facts)
    except Refused as refusal:
        return _label(refusal)
    return _ANY if part == "any" else str(part)


def _phone(said: str, facts: Facts) -> str:
    try:
        return str(phone.phone()(said, facts))
    except Refused as refusal:
        return _label(refusal)


def _rt_rw(said: str, facts: Facts) -> str:
    try:
        return str(address.rt_rw()(said, facts) or _NONE)
    except Refused as refusal:
        return _label(refusal)


def _area(said: str, facts: Facts) -> str:
    """Read a kelurahan; one that is only narrowed down is written as what was understood."""
    try:
        return str(place.kelurahan()(said, facts)["kelurahan"])
    except Refused as refusal:
        found = facts.places.find(said)
        if refusal.reason == "kelurahan_or_kecamatan":  # the question names both
            return _AMBIGUOUS + ";".join(one.code for one in found)
        if refusal.reason == "kelurahan_of_kecamatan":
            return next(one.code for one in found if one.level == "kecamatan")
        return found[0].code if refusal.reason == "which_kecamatan" else _label(refusal)


def _intent(said: str, facts: Facts) -> str:
    return intent(said) or _NONE


_READERS: Mapping[str, Callable[[str, Facts], str]] = {
    "money": _money,
    "date": _date,
    "time": _time,
    "phone": _phone,
    "rt_rw": _rt_rw,
    "area": _area,
    "intent": _intent,
}


# --- results compared with labels


def _same_readings(expected: str, got: str) -> bool:
    """Whether every expected reading is offered."""
    if not (expected.startswith(_AMBIGUOUS) and got.startswith(_AMBIGUOUS)):
        return False
    wanted, offered = (text.removeprefix(_AMBIGUOUS).split(";") for text in (expected, got))
    return set(wanted) <= set(offered)


def _same_days(expected: str, got: str) -> bool:
    """Whether the same days are meant, however they are written: "a;b" may be "a..b"."""
    sign, days = _signed(expected)
    return bool(days) and (sign, days) == _signed(got)


def _signed(text: str) -> tuple[str, frozenset[date]]:
    """Return the sign ("PAST", "NOT" or "") and the days of a label; no days for a word."""
    sign, _, listed = text.rpartition(":")
    if not listed[:1].isdigit():
        return text, frozenset()
    found: set[date] = set()
    for some in listed.split(";"):
        first, *others = (date.fromisoformat(one) for one in some.split(".."))
        last = others[-1] if others else first
        found.update(first + timedelta(days=at) for at in range((last - first).days + 1))
    return sign, frozenset(found)


def _written(days: Sequence[date]) -> str:
    """Write days in order: one, "a..b" if none between is missing, or else "a;b"."""
    one_day = timedelta(days=1)
    if len(days) > 1 and all(after - before == one_day for before, after in pairwise(days)):
        return f"{days[0]}..{days[-1]}"
    return ";".join(map(str, days))


def _same_part(expected: str, got: str) -> bool:
    """Whether the part of the day is the one that holds the middle of the expected hours.

    Hours from 18:00 on are the evening, those from 16:00 on its beginning or the afternoon.
    """
    if not expected.startswith((">=", "<=", *"0123456789")):
        return False
    starts, ends = _hours(expected)
    middle = (starts.hour * 60 + starts.minute + ends.hour * 60 + ends.minute) // 2
    if starts >= time(18):
        return got == "evening"
    part = "morning" if middle < 11 * 60 else "midday" if middle < 15 * 60 else "afternoon"
    return got == part or (got == "evening" and starts >= time(16))


def _hours(expected: str) -> tuple[time, time]:
    """Read "14:00", "15:30-17:00", and bounds, which reach to 08:00 and 18:00."""
    at = [time.fromisoformat(one) for one in expected.lstrip("<>=").split("-")]
    if expected.startswith(">="):
        return at[0], max(at[0], time(18))
    if expected.startswith("<="):
        return min(at[0], time(8)), at[0]
    return at[0], at[-1]


_SAME: Mapping[str, Callable[[str, str], bool]] = {"date": _same_days, "time": _same_part}
