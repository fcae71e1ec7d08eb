"""Commands: words that work at any point of a conversation, some with a number or code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeAlias

from conversations import posters, reference, services
from conversations.phrases import Command, ordered
from conversations.words import TEXTS, plain

_ENGLISH = ("english", "inggris")
_INDONESIAN = ("indonesia",)
_OFFICER = re.compile(r"(?:cek|check|cari|periksa) (?:petugas|officer|badge)\b(.*)")
#: "petugas rahmat 0417 beneran dari pemprov?": a badge in a question whether its officer is real.
_OFFICER_ASKED = re.compile(
    r"(?=\D*\d)"
    r"(?:petugas\w* .*?|(?:nomor|badge|kartu) )?(?:\w+ ){0,2}\(?(0\d{3}|(?<=petugas )\d{3,5})\)?,?"
    r" (?:\w+ ){0,3}(?:ben[ae]r\w*|asli|resmi|palsu|gadungan|real|legit|terdaftar)\b.*"
)
#: "nomor kartunya 0417", "is he real, number 0417": an answer to "what is the number on the card?".
_OFFICER_NUMBERED = re.compile(
    r"(?=\D*\d)"
    r"(?:.*\b(?:real|asli|resmi|beneran|bener|legit)\b.*?)?\b"
    r"(?:nomor|nomer|no|number|badge|kartu\w*|id)\b(?: \w+){0,2}? ?:? ?(0\d{3})\W*"
)
_DOCUMENT = re.compile(
    r"(?:cek|check|periksa) (?:surat(?: (?:izin|ijin))?|dokumen|document|izin|ijin|permit)\b(.*)"
)
_DIGIT = re.compile(r"\d")
_NUMBER_WORDS = frozenset({"no", "nomor", "nomer"})
#: A number that can't be read, not a sentence: digits, with at most one word before them.
_NUMBER_LIKE = re.compile(r"\W*(?:(?:no|nomor|nomer)\b\W*)?(?:[a-z]{1,8}\W*)?\d[\d\W]*[a-z]?\W*")
#: A code of `models.link`, alone (then with its dash) or after a word such as "hubungkan". It has
#: a digit, a letter and no vowel, so it is neither a word nor a number.
_HALF = "[b-df-hj-np-tv-xz2-9]{3}"
_LINK = re.compile(
    r"(?:(?:hubungkan|sambungkan|tautkan|satukan|gabungkan|link|connect)\W+(?:kode\W+)?"
    rf"({_HALF})[- ]?({_HALF})|({_HALF})-({_HALF}))"
)


#: A code of an assisted form, alone or after "kode": "KODE BCD 234", "abc234".
_TAKE_OVER = re.compile(
    rf"(?:(?:kode|code)(?:nya)?\W+)?({_HALF}) ?({_HALF})|(?:kode|code)\W+({_HALF})-({_HALF})"
)
#: Words that the page of a poster types: "Halo, saya lihat poster 317405".
_POSTER = re.compile(
    r"(?:(?:halo|hai|hello|hi)\W+)?(?:(?:saya|i)\W+)?(?:(?:lihat|dari|saw|from)\W+)?(?:the\W+)?"
    r"poster\W*(\d[\d.]{2,11}\d)\W*"
)
_CODE = re.compile(rf"({_HALF})[- ]?({_HALF})")  # alone, as in the URL of its page


@dataclass(frozen=True, slots=True)
class Typed:
    """A command and its argument.

    `argument` is a badge for `CHECK_OFFICER`, a document's number for `CHECK_DOCUMENT`, a code for
    `LINK` and `TAKE_OVER`, an area for `POSTER`, "id" or "en" for a `LANGUAGE` that was named, and
    "" otherwise. `unread` is a number that was typed and can't be read.
    """

    command: Command
    argument: str = ""
    unread: str = ""


@lru_cache(TEXTS)
def read(text: str) -> Typed | None:
    """Return the command that the whole message is, or None.

    A longer sentence is never a command. "0" is `BACK`; the engine decides whether it answers the
    open question instead.
    """
    said = plain(text)
    numbered = _numbered(said) if _DIGIT.search(said) else _check(said, _CHECKS)
    if numbered is not None:
        return numbered
    command = ordered(said)
    if command is None:
        return None
    return Typed(command, _language(said) if command is Command.LANGUAGE else "")


def form_code(text: str) -> str | None:
    """Return a code of an assisted form as it is stored, "BCD234"; None if the text is no code."""
    return _code(_CODE.fullmatch(plain(text).strip()))


def _code(found: re.Match[str] | None) -> str | None:
    """Return the code whose halves were found; None if it lacks a letter or a digit."""
    code = "".join(part for part in found.groups() if part) if found else ""
    return code.upper() if code and not code.isalpha() and not code.isdigit() else None


def _numbered(said: str) -> Typed | None:
    """Return the command that a message with a digit is: one with a number or a code, or None."""
    if (check := _check(said, _CHECKS_WITH_NUMBER)) is not None:
        return check
    if _bare().fullmatch(said) and (number := _document_number(said)) is not None:
        return Typed(Command.CHECK_DOCUMENT, number)
    for takes, order in ((Command.LINK, _LINK), (Command.TAKE_OVER, _TAKE_OVER)):
        if code := _code(order.fullmatch(said.strip(" .!?"))):
            return Typed(takes, code)
    if found := _POSTER.fullmatch(said):
        return Typed(Command.POSTER, posters.area_code(posters.short(found[1])) or "")
    return None


def _check(said: str, checks: tuple[_Check, ...]) -> Typed | None:
    """Return the command to check an officer or a document; None for a longer sentence."""
    for command, order, number in checks:
        if not (found := order.fullmatch(said)):
            continue
        about = found[1]
        if (read_number := number(about)) is not None:
            return Typed(command, read_number)
        if not about.strip(" .,:!?") or about.strip(" .,:!?") in _NUMBER_WORDS:
            return Typed(command)
        if len(about) <= reference.MAX_SHOWN and _NUMBER_LIKE.fullmatch(about):
            return Typed(command, unread=reference.shown(about))
    return None


def _document_number(text: str) -> str | None:
    return reference.document_number(text, services.load().kinds())


_Check: TypeAlias = tuple[Command, re.Pattern[str], Callable[[str], str | None]]
_CHECKS: tuple[_Check, ...] = (
    (Command.CHECK_OFFICER, _OFFICER, reference.badge),
    (Command.CHECK_DOCUMENT, _DOCUMENT, _document_number),
)
_CHECKS_WITH_NUMBER: tuple[_Check, ...] = (
    (Command.CHECK_OFFICER, _OFFICER, reference.badge),
    (Command.CHECK_OFFICER, _OFFICER_ASKED, reference.badge),
    (Command.CHECK_OFFICER, _OFFICER_NUMBERED, reference.badge),
    (Command.CHECK_DOCUMENT, _DOCUMENT, _document_number),
)


@cache
def _bare() -> re.Pattern[str]:
    """Match a message that is only a document's number; it is a request to check it."""
    prefixes = "|".join(kind.prefix.lower() for kind in services.load().kinds())
    return re.compile(rf"\W*(?:{prefixes})[\W\d]*")


def _language(said: str) -> str:
    if any(word in said for word in _ENGLISH):
        return "en"
    return "id" if any(word in said for word in _INDONESIAN) else ""
