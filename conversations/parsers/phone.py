"""Reads telephone numbers as E.164: Indonesian ones in any format, others with country code."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.words import plain

_RUN = re.compile(r"(?:\+|\b)\(?\d(?:[\s()./\-]{0,5}\d)+")
_NO_TELEPHONE = (
    "0",
    "888",
)  # no country code begins with 0; +888 is Telegram's own and can't be called
_E164 = range(7, 16)  # digits, with the country code


def phone() -> Parser:
    """Read a mobile or fixed number of Indonesia: "0812-3456-7890" is "+6281234567890".

    Raises:
        Refused: ``no_phone`` if there is no number at all; ``not_a_phone`` if it cannot be one.
    """

    def parse(text: str, facts: Facts) -> str:
        found = read(text)
        if found is None:
            raise Refused("no_phone")
        if found == "":
            raise Refused("not_a_phone")
        return found

    return parse


def read(text: str) -> str | None:
    """Return the first telephone number as E.164, "" if there are only invalid ones, or None.

    A number of fewer than six digits is not an attempt at one.
    """
    runs = _RUN.findall(_letters_as_digits(plain(text)))
    attempts = [re.sub(r"[^\d+]", "", run) for run in runs + " ".join(runs).split()]
    attempts = [run for run in attempts if len(run.lstrip("+")) >= 6]
    for attempt in attempts:
        if number := _e164(attempt):
            return number
    return "" if attempts else None


def of_contact(text: str) -> str | None:
    """Return the number of a contact as E.164, or None if it is no telephone number.

    A contact has its country code, with or without plus; one from a phone book may begin with 0.
    Numbers of other countries, and Indonesian ones of unusual length, are accepted unchanged.
    """
    said = plain(text)
    digits = re.sub(r"\D", "", said)
    if digits.startswith("00"):
        digits = digits.removeprefix("00")
    elif digits.startswith("0"):
        digits = "62" + digits.removeprefix("0")
    if digits.startswith("620"):
        digits = "62" + digits[3:]
    possible = len(digits) in _E164 and not digits.startswith(_NO_TELEPHONE)
    return "+" + digits if possible else None


def is_one(text: str) -> bool:
    """Whether a message is only a telephone number, valid or not: "HP saya 0812…".

    It needs "+", 0, 62 or 8, and then at least seven digits.
    """
    said = plain(text)
    if not _DIGIT.search(said):
        return False
    said = _letters_as_digits(said)
    number = re.sub(_AROUND, "", said).strip(" .,:;!")
    digits = re.sub(r"[\s().\-/]", "", number)
    return re.fullmatch(r"(?:\+|0|62|8)\d{7,15}", digits) is not None


_DIGIT = re.compile(r"\d")
_AROUND = re.compile(
    r"\b(?:ini|nomor|nomer|no|nmr|hp|wa|whatsapp|telepon|telpon|telp|tlp|saya|sy|aku|aye|gw|gue|kami|baru|ganti|my|our|number|phone|changed|its|is|pak|bu|ya|di|ke"
    r"|hubungi|my|number|phone|is|call|me|on|it's|yang|yg|nya|jadi|jd|sekarang|skrg|skr|kak|min|bang"
    r"|adalah|itu|diganti|pindah|udah|sudah|udh|sdh|nomornya|nomernya|hpnya|wanya|new|now|use|this|one)\b"
)


def _e164(digits: str) -> str | None:
    national = re.sub(r"^(?:\+|00)?62", "", digits) if _is_country(digits) else digits
    if national.startswith("+"):
        return None
    national = national.removeprefix("0")
    if national is digits and not national.startswith("8"):
        return None  # no country code and no leading zero: only a mobile number is certain
    mobile = re.fullmatch(r"8[1-9]\d{7,10}", national)
    fixed = re.fullmatch(r"(?:21|[2-7]\d{1,2})[2-9]\d{5,7}", national)
    return "+62" + national if mobile or fixed else None


def _is_country(digits: str) -> bool:
    return re.match(r"(?:\+|00)?62(?:0?8|0?[2-7])", digits) is not None


def _letters_as_digits(text: str) -> str:
    """Read "o8l2" as "0812": a letter for a digit only within a run that starts like a number."""
    return re.sub(
        r"\b(?:o8|08|\+62|62)[\dol\s.\-]{6,}\b",
        lambda m: m[0].replace("o", "0").replace("l", "1"),
        text,
    )
