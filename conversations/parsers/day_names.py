"""Names of days and months, and the standard spelling of words that name days."""

from __future__ import annotations

import re

from conversations.words import plain, standardised

WEEKDAYS = {
    name: at
    for at, names in enumerate(
        (
            "senin snin senen snen senan monday mon",
            "selasa slasa salasa sls tuesday tue",
            "rabu rebo rbu rebu reboan wednesday wed",
            "kamis kemis kms kamisan thursday thu",
            "jumat jum'at jumaat jmt jum jemuah juma'at friday fri",
            "sabtu sbtu sabtuan setu saptu sbt saturday sat",
            "minggu sunday sun",
        )
    )
    for name in names.split()
}
MONTHS = {
    name: at
    for at, names in enumerate(
        (
            "januari jan january janwari",
            "februari feb pebruari february febuari peb",
            "maret mar mrt march mart",
            "april apr",
            "mei may",
            "juni jun june",
            "juli jul july",
            "agustus agu ags agt agst agus aug august",
            "september sep sept septmber",
            "oktober okt oct october",
            "november nov nop nopember novmber",
            "desember des dec december dsember",
        ),
        start=1,
    )
    for name in names.split()
}

DAY_NAMES = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
MONTH_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
_NAMES_DAY = rf"(?:the |hari |tanggal )?(?:\d|(?:{DAY_NAMES}|{MONTH_NAMES}|besok|lusa|tomorrow)\b)"
_HOURS = re.compile(
    r"\b(?:jam|pukul|pkl)\s*(?:setengah )?[\d.:]+(?:\s*-\s*[\d.:]+)?|\b\d{1,2}:\d\d\b"
)
_DIGIT = re.compile(r"\d")
#: Each word that `_days_spelled` changes holds one of these; most messages hold none.
_RARE = re.compile(
    r"akhir |wik|week|malming|pekan|next|mingdep|dpn|dpan|ngarep|hareup|besoknya|day|tom+or|dinten"
    r"|dina|\bto |til|thr|and |lewat|later|sebelum|before|\bsuk\b|emben|paget|pagét| besok"
    r"|minggu (?:depan|ini)"
)


def spelled(text: str) -> str:
    """Return words that name days in standard spelling, without hours: "besok" for "tomorrow"."""
    said = plain(text).replace("s/d", " sampai ").replace("s.d.", " sampai ")
    numbers = _DIGIT.search(said) is not None
    said = _numbers_spelled(said) if numbers else said
    said = re.sub(r"\bahad\b", "hari minggu", said) if "ahad" in said else said
    said = re.sub(r"(\d)(?=[^\W\d_]{3})", r"\1 ", said) if numbers else said
    said = standardised(said)
    if _RARE.search(said):
        said = _days_spelled(said)
    return " ".join(_HOURS.sub(" ", said).split())


def _numbers_spelled(said: str) -> str:
    """Return words with their numbers alone: "tgl5", "the 5th of"."""
    said = re.sub(r"\bthe (?=\d{1,2}(?:st|nd|rd|th)\b)", "tanggal ", said)
    said = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b(?: of\b)?", "", said)
    said = re.sub(
        r"(?:\b\d{1,6} )?(?<!\d)\d{1,2}⁄\d{1,2} ?\w{0,9}", " ", said
    )  # no day is a fraction of weeks away
    return re.sub(r"\b(tgl|tanggal|tggl)(\d)", r"\1 \2", said)


def _days_spelled(said: str) -> str:
    """Return words with rarer words for days in standard spelling: "wiken", "next week"."""
    said = re.sub(r"\bakhir (?:pekan|minggu)\b|\bwiken\b|\bweek end\b|\bwikend\b", "weekend", said)
    said = re.sub(r"\bmalming\b", "malam minggu", said)
    said = re.sub(r"\b(?:pekan|next week|mingdep|minggu dpn|minggu dpan)\b", _weeks, said)
    said = re.sub(r"\b(?:dpn|dpan|ngarep|next|hareup|besoknya lagi)\b", "depan", said)
    said = re.sub(
        r"\bdepan (monday|tuesday|wednesday|thursday|friday|saturday|sunday)", r"\1 depan", said
    )
    said = re.sub(r"\b(?:tomorrow|tommorow|tomorow)\b", "besok", said)
    said = re.sub(r"\btoday\b|\bdinten ieu\b|\bdina iki\b", "hari ini", said)
    said = re.sub(r"\byesterday\b", "kemarin", said)
    said = re.sub(rf"\b(?:to|until|till|through|thru) (?={_NAMES_DAY})", "sampai ", said)
    said = re.sub(rf"\band (?={_NAMES_DAY})", "dan ", said)
    said = re.sub(r"\b(?:jangan|not) (?:sampai )?(?:lewat|later than)(?: dari)?\b", "by", said)
    said = re.sub(r"\b(?:jangan|not) (?:sebelum|before)\b", "mulai", said)
    said = re.sub(r"\b(?:suk|emben|pageto|pagéto)\b", "lusa", said)
    said = re.sub(rf"\b({DAY_NAMES}) besok\b", r"hari \1", said)
    said = re.sub(
        rf"\bminggu (depan|ini) (?:hari |di hari )?({DAY_NAMES})\b", r"\2 minggu \1", said
    )
    return said


def _weeks(match: re.Match[str]) -> str:
    return "minggu" if match[0] == "pekan" else "minggu depan"
