"""Reads days, as people name them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal, TypeAlias

import msgspec

from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.messages import Json, Say
from conversations.parsers import Parser, Reading, Refused
from conversations.parsers.absences import AWAY, BUSY_ON, DENIES
from conversations.parsers.day_arithmetic import (
    FAR,
    day_from,
    day_on,
    following,
    full_year,
    moved,
    next_month,
    of_month,
)
from conversations.parsers.day_bounds import bounded, number_of
from conversations.parsers.day_names import DAY_NAMES, MONTH_NAMES, MONTHS, WEEKDAYS, spelled

Kind: TypeAlias = Literal["days", "past", "invalid", "any", "asap", "not"]

_SHOWN = 7


class Named(msgspec.Struct, frozen=True):
    """Days as written.

    "days" and "past" have the named days, in order; "not" has the excluded ones; "invalid" (no
    such day), "any" (left to us) and "asap" have none.
    """

    kind: Kind
    days: tuple[date, ...] = ()


def day(*, at_most: int = 60) -> Parser:
    """Read one day from today on, as "2026-11-25": "besok", "lusa", "senin depan", "tgl 5".

    `at_most` is how many days ahead it may be.

    Raises:
        Refused: ``not_a_day``; ``no_such_day``; ``day_past`` with the day; ``day_too_far`` with
            the limit; ``which_day`` with readings if several were named.
    """

    def parse(text: str, facts: Facts) -> str:
        days = _coming(text, facts.today, at_most)
        if days is None:
            raise Refused("not_a_day")
        if len(days) > 1:
            raise Refused("which_day", readings=tuple(_reading(one) for one in days[:_SHOWN]))
        return days[0].isoformat()

    return parse


def days(*, at_most: int = 60) -> Parser:
    """Read the days that suit a person, as a list of ISO days, or "any".

    "besok atau kamis", "senin rabu", "kapan saja", "jangan jumat" (then: the other days of the
    next seven). As soon as possible is "any". At most 31 days are given, and only those on which
    officers work.

    Raises:
        Refused: as `day`, but several days are welcome; ``no_working_day`` with the last one.
    """

    def parse(text: str, facts: Facts) -> Json:
        named = read(text, facts.today)
        if named is not None and named.kind in ("any", "asap"):
            return "any"
        if named is not None and named.kind == "not":
            week = following(facts.today, 7)
            return _working([one for one in week if one not in named.days], facts)
        found = _coming(text, facts.today, at_most)
        if found is None:
            raise Refused("not_a_day")
        return _working(found, facts)

    return parse


def _working(days: Sequence[date], facts: Facts) -> Json:
    """Return the working days among these."""
    kept = [one.isoformat() for one in days if facts.calendar.works(one)]
    if days and not kept:
        raise Refused("no_working_day", {"day": days[-1]})
    return kept


def read(text: str, today: date) -> Named | None:
    """Return the days that the words name, or None.

    "minggu" is Sunday and "minggu depan" next week; "malam minggu" is Saturday night; a weekday's
    name is the next one after today; a day of a month without a year is the coming one, unless it
    has passed in the last half year. Of days that are corrected the later ones count: "rabu, eh,
    kamis".
    """
    for part in reversed(_CORRECTION.split(spelled(text))):
        if (named := _read(part, today)) is not None:
            return named
    return None


def _read(said: str, today: date) -> Named | None:
    if _CUES.isdisjoint(_words(said)):
        return _left_open(said)
    excluded = set[date]()
    for match in _EXCLUDED.finditer(said):
        excluded.update(_found(match[1] or match[2], today).days)
    wanted = _found(_EXCLUDED.sub(" ", said) if excluded else said, today)
    kept = tuple(one for one in wanted.days if one not in excluded)
    coming = tuple(one for one in kept if one >= today)
    if coming:
        return Named("days", coming)
    if kept:
        return Named("past", kept)
    if wanted.kind == "invalid":
        return wanted
    if excluded:
        return Named("not", tuple(sorted(excluded)))
    return _left_open(said)


def _left_open(said: str) -> Named | None:
    """Return what words say that leave the day to us, or None."""
    if _SOON.search(said):
        return Named("asap")
    return Named("any") if _ANY.search(said) else None


def _coming(text: str, today: date, at_most: int) -> tuple[date, ...] | None:
    """Return the named days that are near enough, or None if none was named."""
    named = read(text, today)
    if named is None or named.kind in ("any", "asap", "not"):
        return None
    if named.kind == "invalid":
        raise Refused("no_such_day")
    if named.kind == "past":
        raise Refused("day_past", {"day": named.days[-1]})
    near = tuple(one for one in named.days if one <= today + timedelta(days=at_most))
    if not near:
        raise Refused("day_too_far", {"day": today + timedelta(days=at_most)})
    return near[:31]


def _reading(one: date) -> Reading:
    return Reading(one.isoformat(), Say("common.day", {"day": one}), one.isoformat())


# --- days in a text

_ANY = re.compile(
    r"\b(?:terserah|seterah|trserah|kapan ?(?:saja|pun)|bebas\b|sembarang"
    r"|(?:ngikut|ikut|manut|nurut)\b|(?:diatur|atur) (?:saja|bapak|ibu|pak|petugas|dari)"
    r"|(?:semua|tiap|setiap) hari\b|(?:hari apa|tanggal berapa) (?:saja|pun)|mana saja"
    r"|pokoknya bisa|bisa (?:semua|terus)|selalu (?:ada|bisa|di rumah)|kosong terus"
    r"|gimana (?:bapak|ibu|petugas)|sesuai (?:jadwal|petugas)|sak ?karep"
    r"|any ?(?:day|time)|whenever|up to you|^any$)"
)
_SOON = re.compile(rf"(?<!terlalu )(?<!jangan )(?<!too )\b(?:{lists.one_of('dates', 'soon')})")
_DAY_WORDS = "|".join(
    sorted([*WEEKDAYS, "besok", "lusa", "weekend", "hari kerja"], key=len, reverse=True)
)
_EXCLUDED_DAY = (
    rf"(?:hari ini|(?:(?:hari |tanggal )?(?:{_DAY_WORDS}|\d{{1,2}}(?: (?:{MONTH_NAMES}))?)\b"
    r"(?: depan| ini| besok)?))"
)
_AND = r"(?:[\s,/&-]|\b(?:dan|atau|sampai|dengan)\b){1,4}"
_EXCLUDED = re.compile(
    rf"(?:{DENIES}|{BUSY_ON})\s+({_EXCLUDED_DAY}(?:{_AND}{_EXCLUDED_DAY}){{0,5}})"
    rf"|((?:hari ini|(?:hari |tanggal )?\b(?:{_DAY_WORDS})\b(?: depan| ini)?"
    rf"(?:{_AND}(?:hari )?(?:{_DAY_WORDS})\b){{0,5}})) {AWAY}"
)
_CORRECTION = re.compile(r"\b(?:eh+|ralat|maksud(?:nya| saya)|sori|sorry|koreksi)\b")
_MORE_NUMBERS = re.compile(r" ?(-|sampai|,|dan|atau|&|/) ?(?:tanggal )?(\d{1,2})\b")
_OF_MONTH = re.compile(r" bulan (depan|ini)")
_NEAR = 40  # characters; a weekday's name before "minggu depan" is not farther away


class _Spot(msgspec.Struct, frozen=True):
    """One mention of days, and its position in the text."""

    start: int
    end: int
    days: tuple[date, ...]  # empty: there is no such day


_RANGE = re.compile(r"\s*(?:-|sampai)(?: hari)?")


def _found(said: str, today: date) -> Named:
    """Return every day named; at each position, the first reader that matches takes the words."""
    spots, free, words = list[_Spot](), bytearray(b"\1" * len(said)), _words(said)
    for reader, cues in _READERS:
        for spot in () if cues.isdisjoint(words) else reader(said, today):
            if all(free[spot.start : spot.end]):
                spots.append(spot)
                free[spot.start : spot.end] = bytes(spot.end - spot.start)
    spots.sort(key=lambda spot: spot.start)
    if spots and all(not spot.days for spot in spots):
        return Named("invalid")
    named: list[date] = []
    for at, spot in enumerate(spots):
        between = said[spots[at - 1].end : spot.start].strip() if at else ""
        if at and named and spot.days and _RANGE.fullmatch(between):
            end = spot.days[-1]
            if end < named[-1]:
                end += timedelta(days=7)
            if timedelta(0) < end - named[-1] <= timedelta(days=62):
                named += following(named[-1], (end - named[-1]).days)
                continue
        before = said[spots[at - 1].end if at else 0 : spot.start]
        ends = _RANGE.match(said, spot.end) is not None and at + 1 < len(spots)
        named += spot.days if ends else bounded(spot.days, before, today)
    return Named("days", tuple(sorted(set(named))))


_THEN = r" ?(?:-|sampai|dan|atau|,|&) ?(?:tanggal )?"  # between the days of one month
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_WITH_YEAR = re.compile(r"\b(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})\b")
_SOME_OF_MONTH = re.compile(rf"\b(\d{{1,2}}(?:{_THEN}\d{{1,2}}){{1,5}}) ({MONTH_NAMES})\b")
_MONTHS_SOME = re.compile(
    rf"\b({MONTH_NAMES}) (\d{{1,2}}(?:{_THEN}\d{{1,2}}){{1,5}})\b(?! (?:{MONTH_NAMES})\b)"
)
_DAY_OF_MONTH = re.compile(
    r"\b(?:tanggal )?(\d{1,2}|(?:[^\W\d_]+ )?(?:[^\W\d_]+ )?[^\W\d_]+)"
    rf" ({MONTH_NAMES})\b(?: (\d{{4}}|\d{{2}})\b)?"
)
_MONTHS_DAY = re.compile(rf"\b({MONTH_NAMES}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?! \d)")
_DAY_AND_MONTH = re.compile(r"(?<![\d.,/-])(\d{1,2}) ?([-/.]) ?(\d{1,2})(?![\d.,/-]\d|\d)")


def _calendar(said: str, today: date) -> Iterator[_Spot]:
    """Find 2026-12-05, 05-12-2026, 5/12, 5.12.26 and "5 desember 2026"."""
    for m in _ISO.finditer(said):
        yield _Spot(*m.span(), day_on(int(m[1]), int(m[2]), int(m[3])))
    for m in _WITH_YEAR.finditer(said):
        yield _Spot(*m.span(), day_on(full_year(m[4]), int(m[3]), int(m[1])))
    for m in _SOME_OF_MONTH.finditer(said):
        yield from _of_one_month(m, m[1], MONTHS[m[2]], today)
    for m in _MONTHS_SOME.finditer(said):
        yield from _of_one_month(m, m[2], MONTHS[m[1]], today)
    for m in _DAY_OF_MONTH.finditer(said):
        words = m[1].split()
        while words and number_of(words) is None:
            words = words[1:]
        if words:
            start = m.start(2) - 1 - len(" ".join(words))
            value = number_of(words) or 0
            month = MONTHS[m[2]]
            found = day_on(full_year(m[3]), month, value) if m[3] else of_month(value, month, today)
            yield _Spot(min(start, m.start() if words == m[1].split() else start), m.end(), found)
    for m in _MONTHS_DAY.finditer(said):
        yield _Spot(*m.span(), of_month(int(m[2]), MONTHS[m[1]], today))
    for m in _DAY_AND_MONTH.finditer(said):
        if m[2] == "-" and said[: m.start()].endswith(("tanggal", "tanggal ")):
            continue  # "tgl 5-7" is a range
        if m[2] == "/" or 1 <= int(m[3]) <= 12:
            yield _Spot(*m.span(), of_month(int(m[1]), int(m[3]), today))


def _of_one_month(m: re.Match[str], listed: str, month: int, today: date) -> Iterator[_Spot]:
    """Find the days of "24, 25 dan 26 desember", and those between in "24-26 desember"."""
    days: list[date] = []
    for number in re.finditer(r"\d+", listed):
        on = of_month(int(number[0]), month, today)
        if not on or (days and on[0] < days[-1]):
            return
        ranged = re.search(r"(?:-|sampai) ?(?:tanggal )?$", listed[: number.start()])
        days += following(days[-1], (on[0] - days[-1]).days) if days and ranged else on
    yield _Spot(*m.span(), tuple(days))


_NUMBERED = re.compile(r"\btanggal ((?:\d{1,4}|[^\W\d_]+)(?: [^\W\d_]+){0,2})")


def _numbered(said: str, today: date) -> Iterator[_Spot]:
    """Find "tgl 5", "tanggal lima", "tgl 5-7", "tgl 5 atau 6", "tgl 5 bulan depan"."""
    end = 0
    for m in _NUMBERED.finditer(said):
        if m.start() < end:
            continue  # inside the mention before
        words = m[1].split()
        while words and number_of(words) is None:
            words = words[:-1]
        if not words:
            continue
        end = m.start(1) + len(" ".join(words))
        numbers, ranged = [number_of(words) or 0], False
        while more := _MORE_NUMBERS.match(said, end):
            ranged = ranged or more[1] in ("-", "sampai")
            numbers.append(int(more[2]))
            end = more.end()
        later = _OF_MONTH.match(said, end)
        if later:
            end = later.end()
        if later and later[1] == "ini":  # it may have passed, or there is no such day
            first: tuple[date, ...] | None = day_on(today.year, today.month, numbers[0]) or None
        else:
            first = day_from(numbers[0], today, depan=bool(later))
        found = list(first or ())
        for number in numbers[1:] if first else ():
            other = day_from(number, found[0])
            if other is not None:
                gap = following(found[-1], (other[0] - found[-1]).days)
                found += gap if ranged else other
        yield _Spot(m.start(), end, tuple(found))


_MONTH = re.compile(
    r"\b(?:(awal|pertengahan|tengah|akhir)(?:an)? )?"
    rf"(?:(bulan (?:depan|ini)|bulan(?= *$))|(?:bulan )?({MONTH_NAMES}))\b"
)


def _months(said: str, today: date) -> Iterator[_Spot]:
    """Find "bulan depan", "awal bulan depan", "akhir desember"."""
    for m in _MONTH.finditer(said):
        if m[2] == "bulan" and not m[1]:
            continue
        if m[3]:
            month = MONTHS[m[3]]
            first = date(today.year + (month < today.month), month, 1)
        else:
            first = today.replace(day=1)
            if m[2] == "bulan depan":
                first = next_month(first)
        last = monthrange(first.year, first.month)[1]
        start, end = {"awal": (1, 10), "akhir": (21, last), None: (1, last)}.get(m[1], (11, 20))
        if m[2] == "bulan" and first.replace(day=end) < today:
            first = next_month(first)
            end = min(end, monthrange(first.year, first.month)[1])
        span = [first.replace(day=at) for at in range(start, end + 1)]
        yield _Spot(*m.span(), tuple(one for one in span if one >= today) or tuple(span))


_WEEK = re.compile(r"(?<!hari )(?<!malam )\bminggu (depan|ini|lalu|kemarin)\b")
_WORKDAYS = re.compile(r"\b(?:hari kerja|weekdays?)\b")
_COMING_DAYS = re.compile(r"\b(\w+) hari (?:ke ?)?depan\b")


def _spans(said: str, today: date) -> Iterator[_Spot]:
    """Find "minggu depan" (the whole week), "minggu ini", "hari kerja", "3 hari ke depan"."""
    next_monday = today + timedelta(days=7 - today.weekday())
    for m in _WEEK.finditer(said):
        near = max(0, m.start() - _NEAR)
        before = re.search(r"\b(\w+) (?:di )?$", said[near : m.start()])
        if before and before[1] in WEEKDAYS and before[1] != "minggu":
            monday = next_monday if m[1] == "depan" else next_monday - timedelta(days=7)
            on = monday + timedelta(days=WEEKDAYS[before[1]])
            yield _Spot(near + before.start(), m.end(), (on,))
            continue
        if m[1] in ("lalu", "kemarin"):
            last_monday = next_monday - timedelta(days=14)
            yield _Spot(*m.span(), (last_monday, *following(last_monday, 6)))
        elif m[1] == "depan":
            yield _Spot(*m.span(), (next_monday, *following(next_monday, 6)))
        else:
            yield _Spot(*m.span(), (today, *following(today, 6 - today.weekday())))
    for m in _WORKDAYS.finditer(said):
        week = [one for one in following(today, 7) if one.weekday() < 5]
        yield _Spot(*m.span(), tuple(week))
    for m in _COMING_DAYS.finditer(said):
        if count := number_of([m[1]]):
            ahead = following(today, min(count, 31)) if count <= FAR else []
            yield _Spot(*m.span(), tuple(ahead))


_AWAY = re.compile(
    r"\b(?:(se)|(\d+|[^\W\d_]+(?: puluh| belas)?) ?)(hari|minggu|bulan)"
    r" (lagi|kemudian|mendatang|dari sekarang|yang lalu|lalu)\b"
)
_FIXED = tuple(
    (re.compile(pattern), ahead)
    for pattern, ahead in (
        (r"\b(?:besok )?lusa\b(?! kemarin)", 2),
        (r"\b(?:tulat|tubin)\b", 3),
        (r"\bbesok\b(?! ?lusa)", 1),
        (r"\bhari ini\b|\bsekarang\b|\b(?:nanti|ntar|tar) (?:pagi|siang|sore|malam)\b", 0),
        (r"\b(?:pagi|siang|sore|malam) ini\b|\bnow\b|\bini hari\b", 0),
        (r"\bkemarin (?:dulu|lusa)\b", -2),
        (r"\bkemarin\b", -1),
    )
)
_IN_UNITS = re.compile(r"\bin (\w+) (day|week)s?\b")


def _relative(said: str, today: date) -> Iterator[_Spot]:
    """Find "hari ini", "besok", "lusa", "dua minggu lagi", "sebulan lagi", "kemarin"."""
    for m in _AWAY.finditer(said):
        count = 1 if m[1] else number_of(m[2].split())
        if count is None:
            continue
        count = -count if m[4].endswith("lalu") else count
        on = moved(today, count, m[3])
        yield _Spot(*m.span(), (on,) if on else ())
    for pattern, ahead in _FIXED:
        for m in pattern.finditer(said):
            yield _Spot(*m.span(), (today + timedelta(days=ahead),))
    for m in _IN_UNITS.finditer(said):
        if count := number_of([m[1]]):
            on = moved(today, count, "minggu" if m[2] == "week" else "hari")
            yield _Spot(*m.span(), (on,) if on else ())


_WEEKEND = re.compile(r"\bweekend(?: (depan|ini))?\b")


def _weekends(said: str, today: date) -> Iterator[_Spot]:
    """Find "weekend" and "akhir pekan depan": the rest of this weekend, or the next one."""
    saturday = today + timedelta(days=5 - today.weekday())
    for m in _WEEKEND.finditer(said):
        first = saturday + timedelta(days=7) if m[1] == "depan" else saturday
        both = (first, first + timedelta(days=1))
        yield _Spot(*m.span(), tuple(one for one in both if one >= today))


_WEEKDAY = re.compile(rf"(?<!\w)(malam )?(?:hari )?({DAY_NAMES})(?: (depan|ini|besok))?(?!\w)")


def _weekdays(said: str, today: date) -> Iterator[_Spot]:
    """Find weekdays: the next one after today; "malam minggu" is the evening before Sunday."""
    for m in _WEEKDAY.finditer(said):
        weekday = WEEKDAYS[m[2]]
        monday = today - timedelta(days=today.weekday())
        if m[3] == "depan":
            on = monday + timedelta(days=7 + weekday)
        elif m[3] == "ini":
            on = monday + timedelta(days=weekday)
        else:
            on = today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
        if m[1]:
            on -= timedelta(days=1)
            if on < today or (m[3] is None and on == today and weekday == today.weekday()):
                on += timedelta(days=7)
        yield _Spot(*m.span(), (on,))


_WORD, _DIGIT = re.compile(r"\w+"), re.compile(r"\d")
_FIGURE = "0"  # among the words of a text, stands for any digit


def _words(said: str) -> set[str]:
    words = set(_WORD.findall(said))
    return words | {_FIGURE} if _DIGIT.search(said) else words


#: Readers of days, each with words of which its days have one at least; most messages have none.
_READERS = (
    (_calendar, frozenset({_FIGURE, *MONTHS})),
    (_numbered, frozenset({"tanggal"})),
    (_months, frozenset({"bulan", *MONTHS})),
    (_spans, frozenset({"minggu", "hari", "weekday", "weekdays"})),
    (
        _relative,
        frozenset({
            "ini", "besok", "lusa", "tulat", "tubin", "kemarin", "sekarang", "now", "lagi",
            "kemudian", "mendatang", "lalu", "nanti", "ntar", "tar", "in",
        }),
    ),
    (_weekends, frozenset({"weekend"})),
    (_weekdays, frozenset(name.partition("'")[0] for name in WEEKDAYS)),
)  # fmt: skip
_CUES = frozenset().union(*(cues for _, cues in _READERS))
