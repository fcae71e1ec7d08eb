"""Detects which of the two languages a text is in, by common words that only one of them has."""

from __future__ import annotations

import re

from conversations.facts import Locale
from conversations.words import standardised

#: In the standard spelling of `conversations.words`, which also covers dialects.
_INDONESIAN_WORDS = """
saya kami kita mau minta tolong bisa boleh punya ada tidak belum sudah bukan jangan saja
juga lagi yang dan atau dengan untuk dari ke di pada ini itu sini situ apa siapa berapa
kapan mana gimana kenapa mengapa apakah bikin membuat buat urus ngurus mengurus urusin
daftar mendaftar mendaftarkan ajukan mengajukan izin ijin izinnya ijinnya perizinan usaha
usahanya berusaha dagang berdagang jualan jual jualin berjualan warung toko kios gerobak
lapak pak bapak bu ibu mas mbak mba kak kakak bang abang om tante halo hallo hai selamat
pagi siang sore malam assalamualaikum assalamu'alaikum permisi punten sampurasun makasih
kasih terima maaf mohon dong nih sih deh kok gratis bayar biaya petugas datang lapor bantu
bantuin dibantu caranya cara syarat syaratnya mulai tanya nanya bertanya informasi infonya
butuh perlu nya gan hari besok sekarang orang
"""
_ENGLISH_WORDS = """
i i'm i'd i've my me we our us you your it the a an this that is are am was do does did can
could would should will want wants wanna need needs like have has get got apply applying
make open how what where when who why which for from with about of to and or not don't
please help thanks thank good morning afternoon evening business permit permits license
licence selling sell shop stall store food looking start english speak does know there any
much cost free
"""
_INDONESIAN = frozenset(_INDONESIAN_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


WHOLE = 7  # words of a message that leaves no doubt of its language
TELLING = 4  # of them, words that only this language has


def tongue(text: str) -> Locale | None:
    """Return the language of the words; None if they show none: a name, a greeting of both."""
    words = _words(text)
    indonesian, english = _counted(words)
    if indonesian > english:
        return "id"
    telling = english >= 2 or english == len(words)
    return "en" if english > indonesian and telling else None


def whole_tongue(text: str) -> Locale | None:
    """Return the language of a long sentence without any word of the other one, or None."""
    words = _words(text)
    if len(words) < WHOLE:
        return None
    indonesian, english = _counted(words)
    if (indonesian and english) or max(indonesian, english) < TELLING:
        return None
    return "en" if english else "id"


def _counted(words: list[str]) -> tuple[int, int]:
    """Return how many of the words only Indonesian has, and how many only English."""
    return sum(map(_INDONESIAN.__contains__, words)), sum(map(_ENGLISH.__contains__, words))


def _words(text: str) -> list[str]:
    return _WORD.findall(standardised(text))
