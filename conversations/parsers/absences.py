"""Patterns of words that say when somebody is away: "rabu saya ke pasar", "jangan pagi"."""

from __future__ import annotations

import re

from conversations.parsers.day_names import DAY_NAMES
from conversations.parsers.numbers import unit
from conversations.words import standardised

#: Before days or times that do not suit, in standard spelling.
DENIES = (
    r"\b(?:jangan|selain|kecuali|bukan|asal jangan"
    r"|tidak (?:bisa|mau|usah|ada|di rumah|di tempat|jualan|dagang|buka|mangkal|keliling|keluar)"
    r"|except|other than|not|never|(?<=day )but|but not|asal bukan|asal tidak)"
    r"(?: (?:di|pas|hari|malam|pada|kalau|on|at|yang|untuk|waktu|jam|sekitar|terlalu"
    r"|around|in the)){0,3}"
)
#: Reasons to be away, in standard spelling.
BUSY = (
    r"(?:libur|tutup|pergi|keluar|sibuk|repot|rame|ramai"
    r"|sakit|(?:anak|suami|istri|ibu|bapak)(?: saya)? sakit"
    r"|ke (?:pasar|dokter|rumah sakit|rs|kampung|bank|kondangan|sekolah|luar|bogor|bandung"
    r"|puskesmas|tanah abang|mertua|kota|kantor|gereja)|di (?:kampung|luar|rumah sakit|rs|dokter)"
    r"|pengajian|ngaji|arisan|hajatan|kondangan|acara|pulang kampung|mudik|belanja|kulakan|kontrol"
    r"|berobat|tidur|istirahat|kuliah|ujian|nikahan|rapat|away|out|busy|closed|can't|cannot|go to"
    r"|at the (?:doctor|hospital)|not (?:home|there|available|selling|open|working)"
    r"|(?:don't|dont|do not|won't|wont|will not) (?:sell|open|work))\b"
)
#: Behind days or times that do not suit, in standard spelling.
AWAY = (
    r"(?:(?:saya|kami|aku|itu|nya|ada|lagi|masih|mau|harus|biasanya|suka|selalu|pasti|sedang|jadi"
    r"|pasaran|sekeluarga|warung|toko|kios|lapak|kedai|dagangan|jualan|usaha|stall|shop|i|i'm|i am"
    r"|we)\b[\s,]{0,2}){0,4}"
    r"(?:tidak (?:bisa|ada|di rumah|di tempat|jual(?:an)?|(?:ber)?dagang|buka|usah|mangkal|keliling"
    r"|narik|gelar|keluar|kerja)"
    rf"|jangan(?=\W*(?:$|[,.;]|dan\b|tapi\b))|{BUSY})"
)
#: Before days on which somebody is away: "saya ke pasar tiap rabu".
BUSY_ON = rf"\b{BUSY}(?: (?:tiap|setiap|pas|on|every|di|kalau))?(?: hari)?"
#: A length of days: "2 hari", "seminggu", and not "2 hari lagi" nor "24 hari kamis".
_LENGTH = re.compile(
    r"\b(?:(se)|(\d{1,2}|[a-z]+) ?)(hari|hr|days?|minggu|weeks?)\b"
    rf"(?! (?:lagi|ke ?depan|depan|yang|lalu|ini|kerja lagi|from|ago|{DAY_NAMES})\b)"
)
_BEGINS = re.compile(r"\b(?:mulai|dari|sejak|from|starting|start)\b")


def length(text: str) -> int | None:
    """Return for how many days somebody is away, if the words tell one length."""
    found = _LENGTH.findall(standardised(text))
    counts = [1 if one else int(n) if n.isdecimal() else unit(n)[1] for one, n, _ in found]
    lengths = [
        count * (7 if what.startswith(("minggu", "week")) else 1)
        for count, (_, _, what) in zip(counts, found, strict=True)
        if count
    ]
    return lengths[0] if len(lengths) == 1 else None


def begins(text: str) -> bool:
    """Whether words name the first day of an absence: "mulai rabu"."""
    return _BEGINS.search(standardised(text)) is not None
