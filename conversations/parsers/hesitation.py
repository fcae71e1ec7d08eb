"""Hesitating: words that put an act off, ask back, take it back, or give no reason. Pure.

They are read at questions whose answer has an effect: "ya tapi besok aja" is no yes.
"""

from __future__ import annotations

import re

from conversations.lexicon import lists
from conversations.parsers.evasions import evasion
from conversations.words import plain, standardised

_PUTS_OFF = re.compile(
    r"\?|\b(?:nanti|besok|lusa|bentar|bntr|bntar|sebentar|tunggu|tar|tapi|tetapi|kecuali"
    r"|asal|belum|jangan"
    r"|pikir|ragu|kalau|tanya|cek|apakah|apa|kenapa|kapan|gimana|siapa|berapa|emang|memang"
    r"|boleh (?:tidak|sih|kah)|bisa tidak|yakin|tidak yakin|ya tidak|minggu depan"
    r"|but|wait|later|tomorrow|not yet|hold on|unless|ask|check|why|what|how|should|maybe"
    r"|mungkin)\b"
)
_TAKES_BACK = re.compile(
    r"\b(?:salah (?:nomor|no|orang|kasus|permohonan|izin|petugas|ketik|pencet|kirim|tekan|kamar"
    r"|chat|sambung)|kepencet|typo"
    r"|bukan (?:yang )?(?:ini|itu)|bukan dia|tidak jadi|batal(?:in|kan)? saja"
    r"|wrong (?:number|one|person|permit|case)|never ?mind|my mistake)\b"
    # "alamatnya keliru" is no slip of the one who writes it
    r"|(?:^|\b(?:maaf|eh|sori|sorry|aduh|waduh|saya|aku|oh)\W+)keliru\b"
)
_PAUSES = re.compile(
    r"(?:(?:eh|oh|ya|oke|ok|bu|pak|ini) )*(?:bentar|bntr|bntar|sebentar|tunggu|tar|nanti"
    r"|wait|hold on|later)"
    r"(?: (?:ya|dulu|saja|deh|bu|pak|sebentar|bentar|lagi|cek|saya cek|a moment|a minute))*"
)
_QUESTION = re.compile(
    r"^(?:\S+(?:\s+\S+){0,2}\s*)?\?\s*$|^(?:(?:eh|oh|loh|lho|ini|itu|emang|memang|hah|yang) )*"
    r"(?:apa|apakah|kenapa|mengapa|berapa|siapa|kapan|gimana|maksudnya apa|boleh (?:tidak"
    r"|kah|sih)"
    r"|(?:bisa|harus|perlu) (?:tidak|kah|sih)|why|what|how|who|when|which)\b"
    r"|\b(?:apa|ya apa|gimana|kenapa|berapa|siapa)(?: (?:ya|sih|dong|itu|ini|bu|pak))*$"
)
_LATER = re.compile(
    r"^(?:(?:saya|mau|biar|eh|hmm|bentar|sebentar|ya|nanti|besok|i|let me|we|kita|coba"
    r"|tak|gue) )*"
    r"(?:tanya|tanyain|nanya|cek|pikir|pikirin|lihat|liat|baca|diskusi|diskusiin"
    r"|konsultasi|konsul"
    r"|rapat|koordinasi|tunggu|nunggu|lapor|ask|check|think|look|wait|talk)\b"
    r"(?=.*\b(?:dulu|dl|first|kepala|atasan|bos|pimpinan|the head|it over|a bit|about it"
    r"|into it)\b)"
)
#: Words that ask for a list or a number, in no question's form: "laporan minggu ini".
_LOOKS_UP = re.compile(
    r"^(?:(?:lihat|liat|cek|cari|tampilkan|show|minta|daftar|list|eh|coba) )*"
    r"(?:laporan|rekap|pengaduan|aduan|kunjungan|jadwal|statistik|antrean|antrian|daftar|cek|cari"
    r"|report|visits|complaints|figures|menu)\b"
    r"(?: (?:hari|minggu|bulan|tahun|ini|kemarin|lalu|mingguan|bulanan|today|this|week|month|izin"
    r"|petugas|saya|nya|besok))*(?: \S*\d\S*)*\W*$"
    r"|\b(?:di ?mana|dmn|where)\b"
)
_KNOWS_NOT = re.compile(
    r"\b(?:tidak|belum) (?:tau|tahu|ngerti|ada alasan|yakin)\b|\bbingung\b|\bterserah\b"
    r"|\b(?:no idea|don'?t know|not sure)\b"
)
#: Words before a reason that only lead to it: "ya tapi suruh lengkapin KTP".
_LEADS = re.compile(
    r"^(?:(?:(?:setuju|acc|approve)\b[^.]*?\b(?:tapi|tp|but)|ya|iya|yes|oke|ok|tapi|tp|but|eh|oh"
    r"|terus|suruh|tolong|bilang|please)\b[\s,.]*)+",
    re.I,
)
_AGREES = re.compile(
    r"^\W*(?:ya|iya|yo|yowis|yaudah|yes|yeah|sure|oke|ok|boleh|setuju|sip|gas|yuk|lanjut)\b"
)
#: Words that by themselves name no reason.
_EMPTY = lists.words("hesitation", "empty")
_VERDICTS = lists.words("hesitation", "verdicts")
#: Words that, where nothing is asked, need no answer but "baik".
_SMALL = lists.words("hesitation", "small")
_LEFT = re.compile(
    r"(?:(?:eh|ya|hmm|oke|ok) )*(?:tidak|no|nope|nanti|later|not now|lain kali|skip dulu|belum)"
    r"(?: (?:saja|dulu|deh|ya|lah|usah|sekarang|ah|bu|pak))*"
)
_LATER_WORDS = lists.words("hesitation", "later")
_LAUGHS = re.compile(r"(?:wk)+w?|(?:ha|he|hi|xi){2,}h?|lol")
_ADDRESS = re.compile(r"\b(?:bu|pak|min|kak|bang|mas|mbak)\b")
_COUNTS = re.compile(r"\b(?:berapa|how many|how much|jumlah(?:nya)?|total(?:nya)?)\b")
_ASKS_ANY = re.compile(
    r"^(?:(?:apa|apakah|hari ini|minggu ini|eh|masih|bu|pak) )*ada (?:tidak )?"
    r"(?:yang|izin|permohonan)"
    r"\b.*(?:\btidak|\?)\W*$|^(?:is|are|were) there any\b"
)
_WHO = re.compile(r"\b(?:siapa|siapa saja|apa saja|mana saja|yang mana|which ones)\b")


def hesitates(text: str) -> bool:
    """Whether words put an act off, ask about it, or limit it."""
    return _PUTS_OFF.search(standardised(text)) is not None


def agrees(text: str) -> bool:
    """Whether words begin with a yes."""
    return _AGREES.search(standardised(text)) is not None


def without_lead(text: str) -> str:
    """Return words without those that only lead to them: "ya tapi suruh"."""
    return _LEADS.sub("", text)


def takes_back(text: str) -> bool:
    """Whether words say that what was asked for was a mistake: "salah nomor"."""
    return _TAKES_BACK.search(standardised(text)) is not None


def pauses(text: str) -> bool:
    """Whether the whole message asks to wait: "sebentar ya"."""
    return _PAUSES.fullmatch(_bare(text)) is not None


def acknowledges(text: str) -> bool:
    """Whether the whole message only says that it was read: "oke sip", "nanti saja"."""
    words = _bare(text).split()
    return bool(words) and all(word in _SMALL or _LAUGHS.fullmatch(word) for word in words)


def asks(text: str) -> bool:
    """Whether words are a question, or say that the answer is not known."""
    said = _ADDRESS.sub("", standardised(text)).strip()
    return _QUESTION.search(said) is not None or _KNOWS_NOT.search(said) is not None


def gives_reason(text: str) -> bool:
    """Whether words may be a reason that somebody reads: no question, and more than fillers."""
    if asks(text) or pauses(text) or takes_back(text) or _puts_it_off(text):
        return False
    return any(
        word not in _EMPTY | _VERDICTS for word in re.findall(r"[^\W_]+", standardised(text))
    )


def _puts_it_off(text: str) -> bool:
    """Whether words say that somebody is asked or something is looked at first."""
    return _LATER.search(standardised(text)) is not None


def leaves_it(text: str) -> bool:
    """Whether the whole message leaves something undecided: "tidak", "nanti aja"."""
    return _LEFT.fullmatch(_bare(text)) is not None


def puts_off(text: str) -> bool:
    """Whether the whole message puts an answer off, or evades it: "nanti saya ceritain ya"."""
    return evasion(text) is not None or pauses(text) or leaves_it(text)


def later(text: str) -> bool:
    """Whether the whole message puts an answer off to another time: "nanti aja", "lagi sibuk"."""
    return puts_off(text) and bool(_LATER_WORDS.intersection(_bare(text).split()))


def tells(text: str) -> bool:
    """Whether words of more than one word tell something, and ask for nothing."""
    said = standardised(text)
    return (
        len(text.split()) > 1
        and gives_reason(text)
        and not counts(text)
        and _LOOKS_UP.search(said) is None
        and "?" not in text
    )


def counts(text: str) -> bool:
    """Whether words ask how many, who, or whether there is any: "yang ditolak berapa"."""
    said = standardised(text)
    return any(form.search(said) for form in (_COUNTS, _ASKS_ANY, _WHO))


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", standardised(plain(text))))
