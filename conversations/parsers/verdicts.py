"""Verdicts: whether words order an act, or only deny it, ask about it or speak of it. Pure.

"jangan disetujui dulu" orders nothing, "sudah ditolak belum" asks, "harusnya ditolak" wonders.
"""

from __future__ import annotations

import re

from conversations.lexicon import lists
from conversations.words import standardised

_APPROVE = (
    r"(?:di|me\w{0,2})?(?:-?acc|setuju|setujui|setujuin|nyetujui|approved?|loloskan|lolosin|lolos"
    r"|luluskan|kabulkan|sahkan|terima|terbitkan|accept(?:ed)?)"
)
_OTHERS = (
    r"(?:di|me)?-?(?:tolak|tolakin|nolak|kembalikan|kembaliin|balikin|cabut|batalkan|batalin)"
    r"|(?:reject|refuse|decline|revoke|return)(?:ed|d)?|sen[dt] back"
)
_ACT = rf"(?:{_APPROVE}|{_OTHERS})(?:nya|lah)?"
_LITTLE = r"(?:(?:dulu|usah|mau|saya|di|sampai|buru buru|langsung|deh|ya|to|be|yet|the|it) )*"
_DENIED = re.compile(
    rf"\b(?:jangan|jgn|belum|tidak jadi|gajadi|tidak usah jadi|batal|batalin|urung|urungkan"
    rf"|don'?t|do not|dont|not yet|cancel|undo|stop) {_LITTLE}(?:{_ACT})\b(?: dulu| ya)*"
    rf"|\b(?:{_ACT}) (?:jangan|jgn|belum|tidak jadi|gajadi|batal|not)\b(?: dulu| ya)*"
    rf"|\btidak (?:usah|perlu|harus|mau) (?:{_OTHERS})\b(?: dulu| ya)*"
)
_CALLED_OFF = re.compile(
    rf"\b(?:tidak jadi|gajadi|urung|urungkan|undo|never ?mind) {_LITTLE}(?:{_ACT})\b"
    rf"|\b(?:batal|batalin|cancel) (?:{_APPROVE}|tolak|nolak|kembalikan|balikin|cabut)\b"
    rf"|\b(?:{_ACT}) (?:tidak jadi|gajadi|batal)\b"
)
_REFUSED_TO_APPROVE = re.compile(rf"\b(?:jangan|jgn|don'?t|do not) (?:{_APPROVE})\b")
_PUTS_OFF = lists.any_of("verdicts", "puts_off")
_WONDERS = re.compile(
    rf"\b(?:harusnya|seharusnya|mestinya|semestinya|mending|mendingan|sebaiknya|baiknya|kayaknya"
    rf"|kayanya|kyknya|sepertinya|rasanya|kira kira|mungkin|bingung|ragu|galau|antara"
    rf"|maybe|perhaps|probably|should(?: i| we)?|thinking of"
    rf"|not sure)\b(?:\W+\w+){{0,6}}?\W+(?:{_ACT})\b"
    rf"|\b(?:{_ACT}) (?:harusnya|seharusnya|kayaknya|kayanya|kali ya|mungkin|maybe)\b"
    rf"|\b(?:{_ACT})(?: \w+)? (?:atau|or) (?:\w+ )?(?:{_ACT}|tidak|not)\b"
)
_SUPPOSES = re.compile(
    rf"\b(?:kal(?:au|o)|klo|kl|jika|seandainya|andai|andaikan|misal|misalnya|misalkan|if"
    rf"|what if)\b"
    rf"(?! gitu| begitu| so)(?:\W+\w+){{0,5}}?\W+(?:{_ACT})\b"
)
_ASKED = re.compile(
    rf"\b(?:{_ACT})\b(?: (?:saja|aja|nih|ini|itu|apa|dong|bu|pak|dia|izinnya))*"
    rf" (?:apa )?(?:belum|tidak|kah|tidak ya|tidak sih|tidak nih|apa tidak|atau tidak|or not"
    rf"|ya tidak|kan|gimana)(?: (?:ya|sih|nih|bu|pak|dong))*\W*$"
    rf"|\b(?:{_ACT})kah\b"
    rf"|^(?:apa|apakah|kenapa|mengapa|siapa|kapan|gimana|has|was|is|did|why|who|when|can i|may i"
    rf"|bolehkah|bisakah|perlukah|haruskah)\b.*\b(?:{_ACT})\b"
    rf"|\b(?:{_ACT})\b(?!.*\btolong\b).*\?\W*$"
)
_TAIL = re.compile(
    r"^(?:\W*\b(?:yang|ya|dulu|deh|dong|sih|saja|bu|pak|ini|itu|the|this|punya|kasus)\b)+"
)
_WORD = re.compile(r"[^\W_]+")

#: Verbs and nouns that say that somebody is no officer any more.
_LEAVES = re.compile(
    rf"\b(?:{lists.one_of('verdicts', 'leaves')}"
    r"|(?:tidak|bukan|no longer|not) (?:\w+ )?(?:kerja|bekerja|dinas|bertugas|gabung"
    r"|works?|working|employed|petugas|anggota|staf|pegawai|tim|aktif)"
    r"|keluar (?:dari )?(?:tim|kerja|kerjaan|pekerjaan|petugas|dinas|kantor ini|sini|grup)"
    r"|left (?:the |our )?(?:team|job|company|us|work))\b"
)
#: "keluar" and the like alone, with nothing that says where to.
_LEAVES_ALONE = lists.words("verdicts", "leaves_alone")
_AROUND = lists.words("verdicts", "around")
_STAYS = re.compile(
    r"\b(?:tidak|belum|batal|gajadi|jangan|jgn|bukan|not|never|isn'?t|didn'?t|don'?t)"
    r"(?: (?:jadi|mau|akan|usah|ada yang|sampai|pernah|going to|yet|di))*"
    r" ?(?:resign\w*|resain|risen|risain|berhenti|diberhentikan|pensiun|dipecat|pecat"
    r"|meninggal|wafat|mengundurkan"
    r"|undur diri|phk|dimutasi|mutasi|quit|fired|keluar|mundur|nonaktif\w*|leaving|left)\b"
)
_PART = re.compile(
    r"\b(?:jam|jm|pukul|pkl)\W*\w+|\b(?:pagi|siang|sore|petang|malam|tanggal|tgl|besok|bsk|lusa"
    r"|hari ini|minggu depan"
    r"|minggu dpn|senin|selasa|rabu|kamis|jumat|jum'at|sabtu|today|tomorrow|monday"
    r"|tuesday|wednesday"
    r"|thursday|friday|morning|afternoon|evening|sebagian|separuh|setengah|satu saja"
    r"|satu kunjungan|salah satu"
    r"|beberapa|half|some|only one|one of|dua kunjungan|2 kunjungan|1 kunjungan|one visit"
    r"|\d+ (?:saja|visits?|kunjungan)|yang (?:pertama|terakhir|di|ke)|the (?:first|last))\b"
    r"|\b\d{1,2}[.:]\d{2}\b|\bkunjungan (?:ke|di|bu|pak|ibu|bapak)\b"
)
_ABSENT = lists.any_of("verdicts", "absent")
_SWAPS = re.compile(
    r"\b(?:di|ber)?(?:tuker|tukar|tukeran|tukaran|tukerin|tukarkan|swap|exchange|barter"
    r"|ijoli|switch)\b"
)


def without_denied(text: str) -> str:
    """Return words without the acts in them that are denied: "jangan disetujui dulu" is ""."""
    return _DENIED.sub(" ", standardised(text)).strip()


def denies(text: str) -> bool:
    """Whether an act in the words is denied or put off, and no reason is given for it."""
    said = standardised(text)
    if _DENIED.search(said) is None:
        return False
    rest = without_denied(text)
    if re.search(rf"\b(?:{_ACT})\b", rest):
        return False  # "jangan setujui, tolak"
    if _REFUSED_TO_APPROVE.search(said) is None or _PUTS_OFF.search(_after_denied(said)):
        return True
    return len(_WORD.findall(_TAIL.sub("", rest))) < _LEAST_REASON


_LEAST_REASON = 2  # words


def denies_approval(text: str) -> bool:
    """Whether words refuse an approval for a reason: "jangan disetujui datanya palsu"."""
    return _REFUSED_TO_APPROVE.search(standardised(text)) is not None and not re.search(
        rf"\b(?:{_ACT})\b", without_denied(text)
    )


def positive(text: str) -> str:
    """Return words without clauses that only deny an act: "belum setujui ya, tolak"."""
    clauses = re.split(r"(?<=[,.;])\s*", text)
    kept = [clause for clause in clauses if not denies(clause)]
    return " ".join(kept) if kept else text


def _after_denied(said: str) -> str:
    found = _DENIED.search(said)
    return said[found.start() + 1 :] if found is not None else said


def calls_off(text: str) -> bool:
    """Whether words take back an act: "tidak jadi tolak"."""
    rest = without_denied(text)
    return _CALLED_OFF.search(standardised(text)) is not None and not re.search(
        rf"\b(?:{_ACT})\b", rest
    )


def wonders(text: str) -> bool:
    """Whether words ask about an act, suppose it or think aloud of it: they order none."""
    said = standardised(text).strip()
    return any(form.search(said) for form in (_WONDERS, _SUPPOSES, _ASKED))


def ends_rights(text: str) -> bool:
    """Whether words say that somebody is an officer no more: "resign", but not "keluar makan"."""
    said = standardised(text)
    if _STAYS.search(said):
        return False
    words = set(_WORD.findall(said))
    alone = words & _LEAVES_ALONE and len(words - _LEAVES_ALONE - _AROUND) <= 1
    return bool(alone) or _LEAVES.search(said) is not None


def names_a_part(text: str) -> bool:
    """Whether words speak of one visit or one day of an officer, not of all visits."""
    said = standardised(text)
    return _PART.search(said) is not None and _ABSENT.search(said) is None


def swaps(text: str) -> bool:
    """Whether words exchange the visits of two officers: "tukar joko sama dewi"."""
    said = standardised(text)
    return _SWAPS.search(said) is not None and not re.search(r"\b(?:ke|kepada|to)\b", said)
