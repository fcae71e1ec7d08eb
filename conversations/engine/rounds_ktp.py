"""Words of an officer about the KTP and the place at the door, known by their form. Pure.

A KTP may be missing or found, differ in a letter, or show a younger face of the same person.
"""

from __future__ import annotations

import re

_GONE = re.compile(
    r"\bktp(?: ?nya)?\b(?: \w+){0,2}? (?:ketinggalan|tertinggal|resi|fotokopi\w*|fotocopy\w*"
    r"|ketingalan|hilang|ilang|kebawa"
    r"|dibawa|digadai\w*|tidak bawa|buram|burem|rusak|patah|sobek|luntur|pudar|blur|lost"
    r"|tidak (?:ke)?lihat\w*|tidak keliatan|tidak kebaca|tidak terbaca|unreadable)\b"
    r"|\b(?:lupa|tidak) (?:bawa|naruh|naro|taruh) ktp\b"
)
_HERE = re.compile(
    r"\bktp(?: ?nya)? (?:sudah |ternyata |akhirnya |baru )?(?:ada|ketemu|nemu|dapat|found)\b"
    r"(?! (?:tapi|yang))|\b(?:ketemu|nemu|found|sudah ada|ada lagi|eh ada) (?:deh |juga |the )?"
    r"ktp(?: ?nya)?\b"
)
_NOT_HERE = re.compile(r"\b(?:tidak|belum|not|kalau) (?:\w+ )?(?:ada|ketemu|nemu|found)\b|\?")
_SAME = re.compile(
    r"\b(?:orang|dia)(?: ?nya)? (?:tetap |memang |emang |masih )?(?:sama|dengan|itu juga)"
    r"(?= kok| saja|$)|\b(?:emang|memang|tetap) (?:dia|orang(?: ?nya)?)\b"
    r"|\bsame person\b"
)
_NOT_SAME = re.compile(r"\b(?:tidak|bukan|not|isn.?t) (?:the )?(?:sama|same|orang|dia)\b")
_SLIGHT = re.compile(
    r"\b(?:satu|dua|1|2|one|two) (?:huruf|letters?)\b|\bejaan\w*\b|\bspelling\b|\btypo\b"
    r"|\bkurang (?:satu )?huruf\b"
)
_NAME = re.compile(r"\b(?:nama|name)(?: ?nya)?\b")
_PLACE_DIFFERS = re.compile(
    r"\b(?:tempat|lokasi|lapak|warung|kios|toko)(?: ?nya)?(?: \w+)? (?:beda|berbeda|lain|pindah"
    r"|bukan (?:disini|di sini|yang)|different|moved)\b(?!.*\b(?:jual|jualan|ktp)\w*\b)"
)
_SELLS_ELSE = re.compile(r"\b(?:jual|jualan|dagang|sells?)\b.*\b(?:bukan|not)\b")
_WHERE = frozenset({"ktp", "failure"})  # steps at which the holder is compared


def hears(step: str, said: str, *, proved: bool) -> str | None:
    """Return the matter that words tell at a visit that is under way, or None.

    `said` is in standard spelling; `proved` tells whether the owner's code has matched.
    """
    if _HERE.search(said) and not _NOT_HERE.search(said):
        return "here"
    if _GONE.search(said):
        return "ktp_missing"
    if step in _WHERE and _SAME.search(said) and not _NOT_SAME.search(said):
        return "somebody"
    if _NAME.search(said) and _SLIGHT.search(said):
        return "unlike"
    if proved and _PLACE_DIFFERS.search(said):
        return "place_differs"
    return "trade_changed" if step == "ktp" and _SELLS_ELSE.search(said) else None
