"""Reads the typed parts of an address: RT/RW and the street."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.messages import Json, Say
from conversations.parsers import Parser, Reading, Refused
from conversations.parsers.amended import amended
from conversations.parsers.evasions import evasion
from conversations.parsers.numbers import in_digits
from conversations.words import bare, is_latin, plain, standardised, tidy

_NONE = re.compile(
    r"[-.?]*|(?:saya )?(?:tidak|belum|kurang) (?:tahu|tau|taw|ngerti|hafal|apal|hapal|inget|ingat"
    r"|ada|punya|yakin|jelas|paham)(?: (?:pak|bu|bang|mas|mbak|kak|rt|rw|rtnya|rwnya|saya|juga))*"
    r"|lupa(?: (?:pak|bu|saya|rtnya|rt))*|skip|lewati?|kosong|nggatau|gatau|gatahu|entah|mboh"
    r"|teuing|(?:dont|don't) know|none|no"
)


def rt_rw() -> Parser:
    """Read an RT and RW as "005/003", or None if the owner does not know them.

    Of a number that corrects itself the later one counts: "rt 5 eh 6 rw 3".

    Raises:
        Refused: ``not_rt_rw`` if there are not two numbers; ``rt_rw_out_of_range`` if one is not
            between 1 and 999.
    """

    def parse(text: str, facts: Facts) -> str | None:
        said = standardised(text).strip(" !")
        if _NONE.fullmatch(said) or evasion(text) in ("none", "unknown"):
            return None
        pair = _pair(plain(amended(text) or text))
        if pair is None:
            raise Refused("not_rt_rw")
        if not all(1 <= number <= 999 for number in pair):
            raise Refused("rt_rw_out_of_range")
        return f"{pair[0]:03d}/{pair[1]:03d}"

    return parse


def rt_rw_amended(answer: Json, words: str) -> str:
    """Return words that name only the RT or the RW with the other one of an earlier answer."""
    named = dict(re.findall(r"\b(rt|rw)\D{0,12}?(\d{1,4})", in_digits(plain(words))))
    if not isinstance(answer, str) or len(named) != 1:
        return words
    first, _, second = answer.partition("/")
    both = {"rt": first, "rw": second, **named}
    return f"rt {both['rt']} rw {both['rw']}"


_ADDS = re.compile(
    r"\b(?:tambah(?:in|kan|i|an)?|add|plus"
    r"|kurang(?: lengkap| jelas| pas)?(?= ?[,:;]| tambah))\b\W*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^(?:patokan|landmark|alamat|address)(?:nya)?\b[\s:,]*", re.IGNORECASE)
_NUMBER = re.compile(
    r"^(?:nomor|no|nomer|number|house number)\b[ .]*(?:rumah(?:nya)?[ .]*)?(\w+)$", re.IGNORECASE
)


#: A number alone that says that it is one: "no 13", "nomor rumahnya 13a", "harusnya 13".
_ALONE = re.compile(
    r"^(?=\D)(?:(?:harusnya|seharusnya|yang benar|yg bene?r|ganti(?: jadi)?|should be)\b ?)?"
    r"(?:(?:nomor|no|nomer|nmr|number|house number)(?:nya)?\b[ .]*)?(?:rumah(?:nya)?[ .]*)?"
    r"(\d{1,4} ?[a-z]?(?:[/-]\d{1,3})?)$",
    re.IGNORECASE,
)
_LAST_NUMBER = re.compile(r"(?<=[^\W\d_]) \d{1,4}[a-z]?$", re.IGNORECASE)
_NUMBERED = re.compile(r"\b(?:nomor|no|nomer)\b\.? ?\d\w*", re.IGNORECASE)


def street_amended(answer: Json, words: str) -> str:
    """Return words that add something to the address of an answer as the whole address.

    A number, alone or added, follows the name of the street, or replaces the number there:
    "tambahin nomor 15" to "Jl. Damai, depan masjid" is "Jl. Damai nomor 15, depan masjid".
    """
    alone = _ALONE.match(words.strip(" ,.!"))
    if isinstance(answer, str) and alone is not None:
        return _with_number(answer, alone[1])
    adds = _ADDS.search(words)
    more = _LABEL.sub("", words[adds.end() :]).strip(" ,.") if adds is not None else ""
    if not isinstance(answer, str) or not more:
        return words
    number = _NUMBER.match(more)
    if number is None:
        return f"{answer}, {more}"
    return _with_number(answer, number[1])


def _with_number(answer: str, number: str) -> str:
    """Return an address with another number of the house."""
    if _NUMBERED.search(answer):
        return _NUMBERED.sub(f"nomor {number}", answer, count=1)
    first, comma, rest = answer.partition(",")
    return f"{_LAST_NUMBER.sub('', first)} nomor {number}{comma}{rest}"


def street(*, at_most: int = 200) -> Parser:
    """Read a street, alley or landmark as it was typed, tidied.

    Raises:
        Refused: ``street_needed`` for words that name no place, such as "gak tau";
            ``street_too_short``; ``street_too_long`` with the limit; ``street_not_latin``;
            ``confirm_street`` with the corrected address and the words as typed: "Jl Nawi 12 eh
            21".
    """

    def parse(text: str, facts: Facts) -> str:
        words = tidy(bare(text))
        if len(words) > at_most:
            raise Refused("street_too_long", {"at_most": at_most})
        if evasion(words) is not None:
            raise Refused("street_needed")
        if not _is_long_enough(words):
            raise Refused("street_too_short")
        if not is_latin(words):
            raise Refused("street_not_latin")
        corrected = amended(words)
        if corrected is not None and _is_long_enough(corrected):
            right = Reading("corrected", Say("common.gathered.right"), corrected)
            typed = Reading("typed", Say("common.as_typed"), words)
            raise Refused("confirm_street", {"street": corrected}, readings=(right, typed))
        return words

    return parse


def _is_long_enough(words: str) -> bool:
    return len(re.findall(r"[^\W_]", words)) >= 3 and bool(re.search(r"[^\W\d_]{2}", words))


_GLUED = re.compile(r"(?<=[^\W\d_])(?=[\d/.,:;-])|(?<=\d)(?=[^\W\d_])")  # "rt5rw3"


def _pair(text: str) -> tuple[int, int] | None:
    """Return RT and RW, named in either order or written as two numbers."""
    text = in_digits(_GLUED.sub(" ", text))
    named = {
        which: int(number) for which, number in re.findall(r"\b(rt|rw)\b\D{0,12}?(\d{1,4})", text)
    } or {which: int(number) for which, number in re.findall(r"\b(rt|rw)(\d{1,4})", text)}
    if {"rt", "rw"} <= named.keys():
        return named["rt"], named["rw"]
    numbers = re.findall(r"\d+", text)
    if len(numbers) == 2 and all(len(number) <= 4 for number in numbers):
        first, second = int(numbers[0]), int(numbers[1])
        return (second, first) if re.match(r"\W*rw", text) and "rt" not in text else (first, second)
    if len(numbers) == 1 and len(numbers[0]) == 6:  # 005003
        return int(numbers[0][:3]), int(numbers[0][3:])
    return None
