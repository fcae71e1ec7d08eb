"""Numbers that people copy from paper, a badge or a screen: permits, badges, codes at the door."""

from __future__ import annotations

import re
import unicodedata

from conversations.words import tidy

MAX_BADGE = 20  # letters and digits of one badge
MAX_SHOWN = 60  # characters of an unreadable number that are repeated to its sender
MAX_READ = 500  # characters: the longest address that people paste is shorter

_GAP = r"[^0-9A-Z]{0,3}"  # a dash, a slash, a dot, blanks, a line's end; or nothing
_PERMIT = re.compile(
    rf"(?<![0-9A-Z])(?:IUMK{_GAP}([0-9]{{4}}){_GAP}([0-9]{{4}})|(20[0-9]{{2}}){_GAP}(31[0-9]{{2}}))"
    rf"(?:{_GAP}([0-9]{{6,9}})|[^0-9A-Z]{{1,3}}([1-9][0-9]{{0,4}}))(?![0-9A-Z])"
)
_SPACED = re.compile(r"(?:[^0-9A-Z]{0,3}[0-9A-Z])+[^0-9A-Z]*")  # "I U M K 2 0 2 6 …"
_WHOLE = re.compile(r"(?:IUMK)?([0-9]{4})([0-9]{4})([0-9]{6,9})")
_ESCAPED = re.compile(r"(?:%[0-9A-F]{2})+")  # in an address
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


def permit_number(text: str) -> str | None:
    """Read a permit's number as it is stored: "IUMK-2026-3174-000123".

    It may stand in a sentence or in the address of its check page, lack its dashes, its first
    word or all the zeros before its last group ("12", but not "0012": a digit may be missing).
    None if there is no number, or more than one.
    """
    said = _clean(text)
    found = {
        _written(one[1] or one[3], one[2] or one[4], one[5] or one[6])
        for one in _PERMIT.finditer(said)
    }
    if not found and _SPACED.fullmatch(said):
        whole = _WHOLE.fullmatch(re.sub(r"[^0-9A-Z]", "", _unlabelled(said)))
        found = {_written(*whole.groups())} if whole else set()
    return found.pop() if len(found) == 1 else None


def case_number(text: str) -> str | None:
    """Read a case's number as it is stored, "26-000123"; None if it is none."""
    found = _APPLICATION.fullmatch(_unlabelled(_clean(text)).rstrip(" .,;:!?\"')"))
    return f"{found[1]}-{found[2] or found[3]:0>6}" if found else None


def badge(text: str) -> str | None:
    """Read an officer's badge as it is written there: "0417", "JP-12"; None if it is none.

    Two spellings of one badge may give two texts; `models.officer` compares them.
    """
    said = _unlabelled(_clean(text)).strip(" .,;:!?\"'()#")
    said = re.sub(r" ?([.\-/_:]) ?", r"\1", said)
    if not _BADGE.fullmatch(said) or len(re.sub(r"[^0-9A-Z]", "", said)) > MAX_BADGE:
        return None
    return said


def door_code(text: str) -> str:
    """Read the digits of a code that is told at the door: "kode: 482-915" is "482915"."""
    return re.sub(r"[^0-9]", "", _clean(text))


def shown(text: str) -> str:
    """Give what somebody typed as it can be repeated to them: one short line."""
    line = tidy(text)
    return line if len(line) <= MAX_SHOWN else line[: MAX_SHOWN - 1].rstrip() + "…"


def _clean(text: str) -> str:
    """Give the text in capitals, with plain digits, and without what can't be seen."""
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


def _written(year: str, kota: str, serial: str) -> str:
    return f"IUMK-{year}-{kota}-{serial:0>6}"
