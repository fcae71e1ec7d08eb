"""Recognises questions by their form, where no question mark need stand. Pure.

"kalau tidak setuju gimana" agrees to nothing and refuses nothing, and "kena pajak ga" is no sum.
"""

from __future__ import annotations

import re

from conversations.words import standardised

_IF = r"(?:kalau|kalo|klo|klu|kl|klau|misal\w*|seandainya|andai\w*|umpama\w*)"
#: Words of address and courtesy behind a question.
_BEHIND = (
    r"(?:\W+(?:ya|yah|sih|pak|bu|bang|mas|mbak|mba|kak|min|nak|nih|tuh|dong|nya|nanti|saja))*\W*$"
)
#: "… ga", at the end, asks whether it is so; alone it denies: "ada yang salah? tidak".
_WHETHER = re.compile(
    rf"\?\W*$|\w\W+(?:tidak(?: sih)?|apa tidak|(?:atau|apa) (?:bukan|belum)|gitu){_BEHIND}"
    rf"|\w\W+tidak\W+{_IF}\b"
)
_SUPPOSES = re.compile(
    rf"^(?:\W*\w+){{0,2}}\W*\b{_IF}\b.*\b(?:gimana|apa|kenapa|ngapain|boleh|bisa|masalah|tidak"
    rf"|gmn|gpp|gapapa){_BEHIND}"
    r"|\bwhat (?:if|happens?)\b|\bwhat .* if\b"
)
_COMPARES = re.compile(
    r"\bbeda(?:nya|in)?\b.*\b(?:apa|sama|dengan)\b|\bapa (?:sih )?bedanya\b|\bdifferen\w+\b"
)
#: Words that begin a question.
_BEGINS = re.compile(
    r"^\W*(?:(?:eh|lah|loh|lho|emang|memang|terus|trus|oh|hmm|so|but|and)\W+)*(?:kok|kenapa|mengapa"
    r"|ngapain|apa|apanya|apakah|gimana|siapa|kapan|buat apa|untuk apa|why|what|how|who|when|where"
    r"|do i|does|is (?:it|this|my|the|that)|are|can i|can you|can my|may i|should i|will)\b"
)
_ENDS = re.compile(
    rf"\b(?:apa|apanya|gimana|kenapa|siapa|kapan|buat apa){_BEHIND}|\b(?:to|with) what\b"
)


def asks_whether(text: str) -> bool:
    """Whether the words end as a question does: with its mark, or with "ga"."""
    return _WHETHER.search(standardised(text)) is not None


def supposes(text: str) -> bool:
    """Whether the words ask what would be, or what the difference is: they choose nothing."""
    said = standardised(text)
    return _SUPPOSES.search(said) is not None or _COMPARES.search(said) is not None


def asks(text: str) -> bool:
    """Whether the words are a question by their form."""
    said = standardised(text)
    forms = (_WHETHER, _SUPPOSES, _COMPARES, _BEGINS, _ENDS)
    return any(form.search(said) for form in forms)
