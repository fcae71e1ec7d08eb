"""Reads numbers copied from paper, a badge or a screen: of documents, cases, badges, door codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Protocol

from conversations.words import tidy

MAX_BADGE = 20  # letters and digits of one badge
MAX_SHOWN = 60  # characters of an unreadable number that are repeated to its sender
MAX_READ = 500  # characters; every URL that people paste is shorter

_GAP = r"[^0-9A-Z]{0,3}"  # a dash, slash, dot, blanks, a line break; or nothing
_SPACED = re.compile(r"(?:[^0-9A-Z]{0,3}[0-9A-Z])+[^0-9A-Z]*")  # "I U M K 2 0 2 6 …"
_SERIAL = rf"(?:{_GAP}([0-9]{{6,9}})|[^0-9A-Z]{{1,3}}([1-9][0-9]{{0,4}}))(?![0-9A-Z])"
_MAY_HOLD_DIGITS = re.compile(r"[0-9%]")
_ESCAPED = re.compile(r"(?:%[0-9A-F]{2})+")  # in a URL
_LABEL = re.compile(
    r"(?:(?:NO|NOMOR|NOMER|NMR|NUMBER|BADGE|NIP|LENCANA|PETUGAS|OFFICER|IZIN|IJIN|PERMIT)"
    r"(?![A-Z])[\s.:#]*)+"
)
_APPLICATION = re.compile(
    r"([0-9]{2})(?:[ .\-/_:]{1,3}([1-9][0-9]{0,5})|[ .\-/_:]{0,3}([0-9]{6,9}))"
)
_DIGITS = r"[0-9]+(?:[ .\-/_:]{1,2}[0-9]+)*"
_BADGE = re.compile(
    rf"(?:[A-Z]{{1,6}}[ .\-/_:]{{0,2}})?{_DIGITS}"
    rf"(?:[.\-/_:]{{0,2}}[A-Z]{{1,6}}(?:[ .\-/_:]{{0,2}}{_DIGITS})?)?"
)
DOOR_CODE = 6  # digits
MAX_BESIDE = 2  # digits of a number beside a door code, such as an hour
_RUN = re.compile(r"[0-9](?:[^0-9A-Z]{0,3}[0-9])*")
_SIX = re.compile(r"(?<![0-9])(?<![0-9][-.])[0-9]{3}[ .-]?[0-9]{3}(?![-.]?[0-9])")
_SUM_OR_HOUR = re.compile(
    r"\bRP[ .]{0,2}[0-9][0-9.,]*|(?<![0-9.])[0-9]{3}\.000(?![0-9])"
    r"|(?<![0-9.:])(?:[01]?[0-9]|2[0-3])[.:][0-5][0-9](?![0-9.:])"
)
_TELEPHONE = re.compile(r"(?:0|62)[0-9]{8,13}")


class Numbered(Protocol):
    """The numbering of a kind of document."""

    @property
    def prefix(self) -> str: ...
    @property
    def per_area(self) -> bool: ...


def document_number(text: str, kinds: Iterable[Numbered]) -> str | None:
    """Read the number of a document of one of these kinds as it is stored: "IUMK-2026-3174-000123".

    It may be in a sentence or in the URL of its check page, and lack its dashes or all the leading
    zeros of its last group ("12", but not "0012": a digit may be missing). Numbers with an area
    may lack the prefix as well. None if there is no number, or more than one.
    """
    if text.isascii() and not _MAY_HOLD_DIGITS.search(text):
        return None
    said = _clean(text)
    found = {number for kind in kinds for number in _numbers(said, kind.prefix, kind.per_area)}
    return found.pop() if len(found) == 1 else None


def _numbers(said: str, prefix: str, per_area: bool) -> set[str]:
    usual, whole = _forms(prefix, per_area)
    found = {_written(prefix, *filter(None, one.groups())) for one in usual.finditer(said)}
    if not found and _SPACED.fullmatch(said):
        bare = whole.fullmatch(re.sub(r"[^0-9A-Z]", "", _unlabelled(said)))
        found = {_written(prefix, *bare.groups())} if bare else set()
    return found


@cache
def _forms(prefix: str, per_area: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a kind's numbers: within a text, and alone without any separator."""
    if not per_area:
        usual = rf"(?<![0-9A-Z]){prefix}{_GAP}([0-9]{{4}}){_SERIAL}"
        return re.compile(usual), re.compile(rf"{prefix}([0-9]{{4}})([0-9]{{6,9}})")
    named = rf"{prefix}{_GAP}([0-9]{{4}}){_GAP}([0-9]{{4}})"
    bare = rf"(20[0-9]{{2}}){_GAP}(31[0-9]{{2}})"
    usual = rf"(?<![0-9A-Z])(?:{named}|{bare}){_SERIAL}"
    return re.compile(usual), re.compile(rf"(?:{prefix})?([0-9]{{4}})([0-9]{{4}})([0-9]{{6,9}})")


def case_number(text: str) -> str | None:
    """Read a case's number as it is stored, "26-000123"; None for other text."""
    found = _APPLICATION.fullmatch(_unlabelled(_clean(text)).rstrip(" .,;:!?\"')"))
    return f"{found[1]}-{found[2] or found[3]:0>6}" if found else None


def badge(text: str) -> str | None:
    """Read the number on an officer's badge: "0417", "JP-12"; None for other text.

    Two spellings of one badge may give two texts; `models.officer` compares them.
    """
    said = _unlabelled(_clean(text)).strip(" .,;:!?\"'()#")
    said = re.sub(r" ?([.\-/_:]) ?", r"\1", said)
    if not _BADGE.fullmatch(said) or len(re.sub(r"[^0-9A-Z]", "", said)) > MAX_BADGE:
        return None
    return said


def door_codes(text: str) -> frozenset[str]:
    """Return the different runs of six digits in a text, each of which may be a door code.

    "kodenya 482-915 ya" and "4 8 2 9 1 5" hold one. A telephone number, the number of a case
    and a sum hold none.
    """
    if text.isascii() and not _MAY_HOLD_DIGITS.search(text):
        return frozenset()
    found: set[str] = set()
    for run in _RUN.finditer(_SUM_OR_HOUR.sub(" X ", _clean(text))):
        digits = re.sub(r"[^0-9]", "", run[0])
        if len(digits) == DOOR_CODE:
            found.add(digits)
        elif not _TELEPHONE.fullmatch(digits):
            beside = _SIX.sub(" ", run[0]).split()
            if not any(len(part) > MAX_BESIDE and part.isdecimal() for part in beside):
                found |= {re.sub(r"[^0-9]", "", six) for six in _SIX.findall(run[0])}
    return frozenset(found)


def shown(text: str) -> str:
    """Return typed text as it can be repeated to its sender: one short line."""
    line = tidy(text)
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1].rstrip() + "…"


def _clean(text: str) -> str:
    """Return the text in capitals, with plain digits and without invisible characters."""
    said = _ESCAPED.sub(_unescaped, tidy(text[:MAX_READ]).upper())
    said = said if said.isascii() else tidy(said).upper()
    if said.isascii():
        return said
    seen = (c for c in said if unicodedata.category(c) != "Cf")
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in seen)


def _unescaped(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode(errors="replace")


def _unlabelled(said: str) -> str:
    bare = said.lstrip(" .,;:!?\"'()#")
    label = _LABEL.match(bare)
    return bare[label.end() :] if label else bare


def _written(prefix: str, *groups: str) -> str:
    *before, serial = groups
    return "-".join((prefix, *before, f"{serial:0>6}"))
