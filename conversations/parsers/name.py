"""Names of people and of businesses."""

from __future__ import annotations

import re

from conversations import commands
from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.words import standardised, tidy

_LEAD = re.compile(
    r"^(?:(?:hai|halo|hallo|assalamu'?alaikum|perkenalkan|kenalkan|iya|ya|ok|oke)\b[\s,.!]*)*"
    r"(?:(?:panggil (?:saja|aja)|namaku|a/n|an\.|atas nama)\s+|"
    r"(?:(?:nama|nm|nma)(?: (?:lengkap|panggilan))?(?: (?:saya|sy|aku|gue|ibu|bapak"
    r"|(?:usaha|toko|warung)(?:nya)?))?(?:nya)?\s*(?:adalah|itu|ialah)?\s*[:=,]?\s+"
    r"|(?:saya|sy|aku|gue|gw|abdi|i am|i'm|my name is|name is)\s*[:,]?\s+))",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"[\s,]+(?:pak|bu|bang|mas|mbak|kak|min|gan|ya|yah|aja|saja)[.!]*$", re.IGNORECASE
)
_JOINED = {"bin", "binti", "van", "de", "der", "den", "al", "el", "ibnu", "a/n", "alias"}
_NO_NAME = re.compile(
    r"[-.]*|(?:kami |saya |usaha |usahanya |masih )*(?:belum|tidak)(?: (?:ada|punya|pakai|pake"
    r"|dikasih|kepikiran|bernama|dinamain|diberi))*(?: (?:nama\w*|usaha\w*|merek|merk|namanya))*"
    r"(?: (?:saja|pak|bu|sih|kok|nih|deh))*|tanpa nama|kosong|gada|gaada|gapunya|nihil|none|no name"
    r"|skip|lewati?|ndak onok"
)


def name(*, at_most: int = 100) -> Parser:
    """Read a person's name, tidied: "nama saya siti aminah" is "Siti Aminah".

    Raises:
        Refused: ``not_a_name`` for signs, commands and greetings; ``name_with_digits``;
            ``name_too_short``; ``name_too_long`` with the limit.
    """

    def parse(text: str, facts: Facts) -> str:
        words = tidy(text)
        if commands.read(words) or commands.whole_intent(words) or _is_remark(words):
            raise Refused("not_a_name")
        words = _without_lead(words).strip(' ,;:!?*_~<>()[]{}"')
        while " " in words and words != (shorter := _TAIL.sub("", words)):
            words = shorter
        if re.search(r"\d", words):
            raise Refused("name_with_digits")
        words = " ".join(re.sub(r"[^\w\s.,'/-]|_", " ", words).split())
        words = re.sub(r"(?<=[^\W\d_]{3})\.+$", "", words)  # a full stop, not "S.E."
        letters = re.findall(r"[^\W\d_]", words)
        if not letters or words.lower() in ("saya", "nama", "nama saya"):
            raise Refused("not_a_name")
        if len(letters) < 2:
            raise Refused("name_too_short")
        if len(words) > at_most:
            raise Refused("name_too_long", {"at_most": at_most})
        return cased(words)

    return parse


def business_name(*, at_most: int = 100) -> Parser:
    """Read the name of a business as it is written, or None for "belum ada".

    Raises:
        Refused: ``not_a_business_name``; ``name_too_long`` with the limit.
    """

    def parse(text: str, facts: Facts) -> str | None:
        words = tidy(text)
        if _NO_NAME.fullmatch(standardised(words).strip(" !,")):
            return None
        words = _without_lead(words).strip(' ,;:"*_~')
        if len(re.findall(r"[^\W_]", words)) < 2:
            raise Refused("not_a_business_name")
        if len(words) > at_most:
            raise Refused("name_too_long", {"at_most": at_most})
        return words

    return parse


def cased(words: str) -> str:
    """Give a name's words a capital each where they have none, or where all are capitals."""
    if words == words.upper():
        words = words.lower()
    return " ".join(
        _capital(word) if word == word.lower() and (not at or word not in _JOINED) else word
        for at, word in enumerate(words.split())
    )


def _capital(word: str) -> str:
    """Give "Nur'aini", "Al-Fatih", "H.M.", "O'Brien": a capital after a sign that starts a word."""
    word = re.sub(r"(^|[-./])([^\W\d_])", lambda m: m[1] + m[2].upper(), word)
    return re.sub(r"^(O|D)'([^\W\d_])", lambda m: f"{m[1]}'{m[2].upper()}", word)


def _is_remark(words: str) -> bool:
    """Whether two words or more mean something else: "petugasnya kasar" is nobody's name."""
    return " " in words and commands.intent(words) not in (None, commands.Intent.GREETING)


def _without_lead(words: str) -> str:
    rest = _LEAD.sub("", words)
    return rest if re.search(r"[^\W\d_]", rest) else words
