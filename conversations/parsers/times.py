"""Reads times of day, as people name them for a visit, so "jam 2" is 14:00."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from itertools import islice
from typing import Literal, TypeAlias

import msgspec

from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.absences import AWAY, BUSY_ON, DENIES
from conversations.parsers.numbers import in_digits
from conversations.words import plain, standardised

Part: TypeAlias = Literal["morning", "midday", "afternoon", "evening", "any"]

_PART = (
    r"(?:pagi|siang|sore|petang|malam|subuh|magh?rib|isya|zuhur|ash?ar|mornings?|noon|afternoon"
    r"|evening|night)"
)
_PRAYERS = r"(?:(?:setelah|sebelum|jam|waktu) )?"
_TIME = rf"(?:{_PRAYERS}{_PART}\w*|\d{{1,2}}(?:[.:]\d\d)?(?!\d)(?: {_PART})?)"
#: Times that do not suit: "jangan pagi", "sore tidak bisa", "pagi saya ke pasar".
DENIED = re.compile(
    rf"(?:{DENIES}|{BUSY_ON})\s+{_TIME}(?: (?:dan|atau|dengan|and|or) {_TIME}){{0,3}}"
    rf"|\b{_PRAYERS}{_PART}(?:nya|an| bolong)? {AWAY}"
)
_GREETING = re.compile(r"\b(?:selamat|good) (?:pagi|siang|sore|malam|morning|afternoon|evening)\b")
_CORRECTION = re.compile(r"\b(?:eh+|ralat|maksud(?:nya| saya)|sori|sorry|koreksi)\b")
_NIGHT = re.compile(r"\b(?:malam|magh?rib|isya'?|night|evening)\b")
_NOON, _AFTERNOON = time(11), time(15)  # where morning and midday end
_EVENING = time(16)  # an hour from then on is in the evening, whoever calls it "sore"
_CLOSES, _OPENS = time(19, 30), time(6)  # officers come between these, at the widest
_BY_DAY: tuple[Part, ...] = ("morning", "midday", "afternoon")  # all of them are any time
_OPENS_THEN = lists.any_of("times", "opens")


class Hours(msgspec.Struct, frozen=True):
    """A time as written: "times" has one time (start equals end), a span, or one bound."""

    kind: Literal["times", "any", "invalid"]
    starts: time | None = None
    ends: time | None = None


def part_of_day() -> Parser:
    """Read a part of the day: "morning" before 11, "midday" to 15, "afternoon" after, or "any".

    "evening" is an hour from 16.00 on, what is called petang or malam, and the "sore" at which a
    stall opens. Two parts that both suit, or the two that are left beside one that does not, are a
    list. Of parts that are corrected the later one counts: "pagi, eh, sore".

    Raises:
        Refused: ``not_a_part_of_day``; ``no_such_time``; ``only_by_day`` for hours of the night.
    """

    def parse(text: str, facts: Facts) -> Json:
        said = _GREETING.sub(" ", standardised(text))
        for part in reversed(_CORRECTION.split(said)):
            answer = _either(part)
            if answer:
                return answer[0] if len(answer) == 1 else answer
        raise Refused("not_a_part_of_day")

    return parse


def _either(said: str) -> list[str]:
    """Return the parts of the day that suit; of times beside "atau", each that officers keep."""
    pieces = re.split(r"\b(?:atau|or)\b", said)
    if len(pieces) > 1 and re.search(r"\d", said):
        found = list(dict.fromkeys(part for piece in pieces[:4] for part in _possible(piece)))
        if found:
            return _any_or(found)
    return _suiting(said)


def _possible(said: str) -> list[str]:
    try:
        return _suiting(said)
    except Refused:
        return []


def _suiting(said: str) -> list[str]:
    """Return the parts of the day that suit; empty if the words name none.

    Raises:
        Refused: there is no such time, or no officer comes then.
    """
    denied = [match[0] for match in DENIED.finditer(said)]
    wanted = DENIED.sub(" ", said) if denied else said
    hours, named = read(wanted), parts(wanted)
    if denied and not named and (hours is None or hours.kind == "any"):
        away = [part for words in denied for part in _away(words)]
        return _any_or([part for part in _BY_DAY if part not in away])
    if named:
        opens = named == ["afternoon"] and _OPENS_THEN.search(wanted)
        return ["evening"] if opens else _any_or(named)
    if hours is None:
        return []
    if hours.kind == "invalid":
        raise Refused("no_such_time")
    if hours.kind == "any":
        return ["any"]
    starts = hours.starts or time(8)
    if starts >= _CLOSES or (starts < _OPENS and _NIGHT.search(wanted)):
        raise Refused("only_by_day")
    return [_part(hours)]


def _any_or(found: Sequence[str]) -> list[str]:
    """Return these parts, or "any" if all by day are among them."""
    return ["any"] if {*_BY_DAY} <= {*found} else [*found]


def read(text: str) -> Hours | None:
    """Return the time that the words name, or None.

    Hours 1 to 6 are in the afternoon unless the words say otherwise; "setengah 3" is 14:30.
    Prayers are spans: "habis magrib" is 18:00 to 19:00.
    """
    said = _spelled(text)
    if _DIGIT.search(said) and (clock := _clock(said)) is not None:
        return clock
    bounded = "sebelum" in said or "setelah" in said
    spans = _SPANS if _NAMES_SPAN.search(said) else ()
    for pattern, starts, ends in (*_BOUNDED, *spans) if bounded else spans:
        if pattern.search(said):
            return Hours("times", starts, ends)
    return Hours("any") if _ANY.search(said) else None


def _part(hours: Hours) -> Part:
    """Return the part of the day that holds the middle of the hours."""
    starts = hours.starts or time(8)
    ends = hours.ends or (time(18) if hours.starts else starts)
    if starts >= _EVENING:
        return "evening"
    middle = (starts.hour * 60 + starts.minute + ends.hour * 60 + ends.minute) // 2
    if middle < _NOON.hour * 60:
        return "morning"
    return "midday" if middle < _AFTERNOON.hour * 60 else "afternoon"


def _away(denied: str) -> list[Part]:
    """Return the parts of the day that are denied."""
    hours = read(denied)
    if re.search(r"\d", denied) and hours is not None and hours.starts is not None:
        return [_part(hours)]
    return parts(denied)


_NAMED: tuple[tuple[Part, re.Pattern[str]], ...] = (
    ("morning", re.compile(r"\b(?:pagi|enjing|isuk|mornings?|esuk)\b")),
    ("midday", re.compile(r"\b(?:siang|midday|noon|tengah hari|awan)\b")),
    ("afternoon", re.compile(r"\b(?:sore|afternoon|sonten)\b")),
    ("evening", re.compile(r"\b(?:petang|malam|magh?rib|isya'?|evening|night|tonight|dusk)\b")),
)


def parts(said: str) -> list[Part]:
    """Return the parts of the day that are named without an hour."""
    if re.search(r"\d|\b(?:jam|pukul)\b", said):
        return []
    found = [(match.start(), part) for part, word in _NAMED if (match := word.search(said))]
    return [part for _, part in sorted(found)]


# --- hours in a text

_ANY = re.compile(
    r"\b(?:kapan ?(?:saja|pun)|jam berapa ?(?:saja|pun)|terserah|seterah|bebas\b|sembarang"
    r"|(?:manut|ikut|ngikut)\b|mana saja|selalu (?:ada|bisa)|atur saja|fleksibel"
    r"|(?:diatur|bisa) (?:saja|semua|terus)|seharian|sepanjang hari"
    r"|any ?time|whenever|^any$)"
)


def _spans(
    *spans: tuple[str, tuple[int, int], tuple[int, int]],
) -> tuple[tuple[re.Pattern[str], time, time], ...]:
    return tuple((re.compile(word), time(*starts), time(*ends)) for word, starts, ends in spans)


#: Times that are named by what comes after them or before them.
_BOUNDED = _spans(
    (r"\bsebelum jum'?at(?:an)?\b", (9, 0), (11, 30)),
    (r"\bsetelah jum'?at(?:an)?\b", (13, 0), (15, 0)),
    (r"\bsebelum (?:zuhur|tengah hari)\b", (9, 0), (11, 30)),
    (r"\bsetelah zuhur\b", (12, 30), (14, 0)),
    (r"\bsebelum ash?ar\b", (13, 0), (15, 0)),
    (r"\bsetelah ash?ar\b", (15, 30), (17, 0)),
    (r"\bsebelum (?:magh?rib|bedug|buka puasa)\b", (16, 0), (17, 30)),
    (r"\bsetelah (?:magh?rib|buka puasa)\b", (18, 0), (19, 0)),
    (r"\bsetelah (?:isya'?|isa)\b", (19, 0), (21, 0)),
    (r"\bsetelah (?:subuh|shubuh)\b", (5, 0), (7, 0)),
    (r"\bsetelah (?:makan siang|istirahat)\b", (13, 0), (15, 0)),
    (r"\bsebelum (?:makan siang|istirahat)\b", (9, 0), (12, 0)),
)  # fmt: skip
_SPANS = _spans(
    (r"\bzuhur\b", (12, 0), (13, 0)),
    (r"\bash?ar\b", (15, 0), (16, 0)),
    (r"\bmagh?rib\b", (18, 0), (19, 0)),
    (r"\bisya'?\b", (19, 0), (20, 0)),
    (r"\b(?:subuh|shubuh)\b", (4, 30), (6, 0)),
    (r"\b(?:tengah hari|midday|noon)\b", (12, 0), (12, 0)),
    (r"\bjam (?:istirahat|makan siang)\b", (12, 0), (13, 0)),
    (r"\b(?:pagi|enjing|isuk|esuk|mornings?|pagian)\b", (8, 0), (11, 0)),
    (r"\b(?:siang|awan|siangan)\b", (11, 0), (15, 0)),
    (r"\b(?:sore|petang|sonten|afternoon|sorean)\b", (15, 0), (18, 0)),
    (r"\b(?:malam|evening|night|maleman|malaman)\b", (18, 0), (21, 0)),
)  # fmt: skip
#: Any of them; most messages name none.
_NAMES_SPAN = re.compile("|".join(span.pattern for span, _, _ in _SPANS))
_CLOCK = re.compile(
    r"(?P<jam>\b(?:jam|pukul|pkl|at|jm|jem)\b\.? ?)?(?:(?P<half>setengah) )?"
    r"(?<![\d.,])(?P<hour>\d{1,2})(?:[.:](?P<minute>\d{2}))?(?![\d,]|\.\d)"
    r"(?: ?(?P<meridiem>am|pm)\b)?"
    r"(?: (?:(?P<sign>lewat|lebih|kurang) (?P<delta>\d{1,2}|seperempat|setengah)(?: menit)?))?"
    r"(?: ?(?:wib|teng|tepat|an))?(?: (?P<part>pagi|siang|sore|petang|malam|subuh|dini hari))?\b"
)
_FROM = re.compile(
    r"(?:\b(?:di ?atas|setelah|mulai|sejak|dari|lewat(?: dari)?|lebih dari|minimal|after|from"
    r"|paling (?:pagi|cepat|awal))|>=?) ?$"
)
_UNTIL = re.compile(
    r"(?:\b(?:sebelum|di ?bawah|sampai|maksimal|kurang dari|before|until|by"
    r"|paling (?:lambat|malam|telat|lama))|<=?) ?$"
)


_DIGIT = re.compile(r"\d")
#: Each word that `_spelled` changes holds one of these; most messages hold none.
_RARE = re.compile(r"s[oh]*[ao]lat|waktu|jam |[hu]ur|l[uo]ho|lhr|dzuhr|st|⁄2|/2|½|tengah|seb|sblm")
_MINUTES = {"1⁄2": "30", "1⁄4": "15", "3⁄4": "45"}
_PARTED_HOUR = re.compile(rf"(?<![\d.,])(\d{{1,2}}) ({'|'.join(_MINUTES)})(?!\d)")  # "jam 2½"
_PARTED = re.compile(r"(?:-|sampai|dan|atau) ?$")
_ALONE = re.compile(r"\W*\d{1,2}(?: ?(?:-|sampai|to) ?\d{1,2})?(?: \w+)?\W*")
_OTHER_UNITS = re.compile(r"hari|minggu|bulan|orang|tanggal")


def _spelled(text: str) -> str:
    """Return the text in standard spelling, with number words as digits."""
    said = plain(text)
    numbers = _DIGIT.search(said) is not None
    said = _PARTED_HOUR.sub(lambda m: f"{m[1]}.{_MINUTES[m[2]]}", said) if numbers else said
    said = said.replace("s/d", " sampai ").replace("a.m.", "am").replace("p.m.", "pm")
    if numbers:
        said = re.sub(r"\bjam(\d)", r"jam \1", re.sub(r"\bpk[l]?\.? ?(?=\d)", "jam ", said))
    said = re.sub(r"\bba'?da\b|\bbadha\b", "setelah", said) if "ba" in said else said
    said = standardised(said)
    if not _RARE.search(said):
        return in_digits(said)
    said = re.sub(
        r"\b(?:salat|sholat|solat|shalat|waktu|jam(?= [a-z]*(?:hur|ar|rib)\b)) ", "", said
    )
    said = re.sub(
        r"\b(?:dzuhur|zuhur|dhuhur|duhur|dzuhr|luhur|lohor|lhr|duhur|zhuhur)\b", "zuhur", said
    )
    said = re.sub(
        r"\b(?:stengah|stgh|stg|1⁄2|1/2|½|tengah(?= \w+ (?:pagi|siang|sore|malam)))",
        "setengah",
        said,
    )
    said = re.sub(
        r"\b(?:mau|sebelom|sblm|sebelm)\b", lambda m: "sebelum" if m[0][0] == "s" else m[0], said
    )
    return in_digits(said)


def _clock(said: str) -> Hours | None:
    """Read hours on the clock: one, a span, or a bound."""
    jam = re.search(r"\bjam\b", said)
    after_jam = jam.end() if jam else len(said)
    alone = _ALONE.fullmatch(said) is not None and not _OTHER_UNITS.search(said)
    found = list(islice((m for m in _CLOCK.finditer(said) if _is_hour(m, after_jam, alone)), 2))
    if not found:
        return None
    first = found[0]
    if len(found) > 1 and re.fullmatch(
        r"\s*(?:-|sampai|dan|to|until|atau)\s*", said[first.end() : found[1].start()]
    ):
        return _span(first, found[1])
    value = _value(first, first["part"])
    if value is None:
        return Hours("invalid")
    before, after = said[: first.start()], said[first.end() :]
    if _FROM.search(before) or re.match(
        r" ?(?:ke ?atas|lewat|\+|an? ke ?atas|sampai selesai)", after
    ):
        return Hours("times", value, None)
    if _UNTIL.search(before) or re.match(r" ?ke ?bawah", after):
        return Hours("times", None, value)
    return Hours("times", value, value)


def _is_hour(match: re.Match[str], after_jam: int, alone: bool) -> bool:
    """Whether the number is an hour: it is marked as one, has minutes, or is the whole message.

    `after_jam` is where the first "jam" ends: "jam 9 sampai 11" names two hours.
    """
    if alone or any(match[name] for name in ("jam", "half", "minute", "meridiem", "part")):
        return True
    said = match.string
    parted = _PARTED.search(said[max(0, match.start() - 8) : match.start()])
    return parted is not None and match.start() - len(parted[0]) >= after_jam


def _span(first: re.Match[str], last: re.Match[str]) -> Hours:
    """Read "jam 9-11" and "jam 1 sampai 3 sore": the end's part of the day applies to the start."""
    ends = _value(last, last["part"])
    starts = _value(first, first["part"])
    if last["part"] and not first["part"]:
        shared = _value(first, last["part"])
        if shared and ends and shared < ends:
            starts = shared
    if starts is None or ends is None:
        return Hours("invalid")
    if ends < starts and ends.hour < 12:
        ends = ends.replace(hour=ends.hour + 12)
    return Hours("times", starts, ends) if starts <= ends else Hours("times", starts, starts)


def _value(match: re.Match[str], part: str | None) -> time | None:
    """Return the time of day, or None if there is no such time."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    hour = _hour(hour % 24, part or match["meridiem"], precise=bool(match["minute"]) and hour == 0)
    total = hour * 60 + minute - (30 if match["half"] else 0)
    if match["sign"]:
        named = {"seperempat": 15, "setengah": 30}
        delta = named.get(match["delta"]) or int(match["delta"])
        total += -delta if match["sign"] == "kurang" else delta
    total %= 24 * 60
    return time(total // 60, total % 60)


def _hour(hour: int, part: str | None, *, precise: bool) -> int:
    if precise or hour > 12:
        return hour
    match part:
        case "pagi" | "subuh" | "dini hari" | "am":
            return hour % 12 if hour == 12 else hour
        case "siang":
            return hour + 12 if 1 <= hour <= 6 else hour
        case "sore" | "petang" | "pm":
            return hour + 12 if 1 <= hour <= 11 else 12
        case "malam":
            return hour + 12 if 5 <= hour <= 11 else hour % 12
        case _:
            return hour + 12 if 1 <= hour <= 6 else hour
