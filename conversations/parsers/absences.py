"""Patterns of words that say when somebody is away: "rabu saya ke pasar", "jangan pagi"."""

from __future__ import annotations

#: Before days or times that do not suit, in standard spelling.
DENIES = (
    r"\b(?:jangan|selain|kecuali|bukan|asal jangan|tidak (?:bisa|mau|usah|ada|di rumah|di tempat)"
    r"|except|other than|not|never|(?<=day )but|but not|asal bukan|asal tidak)"
    r"(?: (?:di|pas|hari|malam|pada|kalau|on|at|yang|untuk|waktu|jam|sekitar|terlalu"
    r"|around|in the)){0,3}"
)
#: Reasons to be away, in standard spelling.
BUSY = (
    r"(?:libur|tutup|pergi|keluar|sibuk|repot|sakit|(?:anak|suami|istri|ibu|bapak)(?: saya)? sakit"
    r"|ke (?:pasar|dokter|rumah sakit|rs|kampung|bank|kondangan|sekolah|luar|bogor|bandung"
    r"|puskesmas|tanah abang|mertua|kota|kantor|gereja)|di (?:kampung|luar|rumah sakit|rs|dokter)"
    r"|pengajian|ngaji|arisan|hajatan|kondangan|acara|pulang kampung|mudik|belanja|kulakan|kontrol"
    r"|berobat|tidur|istirahat|kuliah|ujian|nikahan|rapat|away|out|busy|closed|can't|cannot|go to"
    r"|at the (?:doctor|hospital)|not (?:home|there|available))\b"
)
#: Behind days or times that do not suit, in standard spelling.
AWAY = (
    r"(?:(?:saya|kami|aku|itu|nya|ada|lagi|masih|mau|harus|biasanya|suka|selalu|pasti|sedang|jadi"
    r"|pasaran|sekeluarga|i|i'm|i am|we)\b[\s,]{0,2}){0,4}"
    r"(?:tidak (?:bisa|ada|di rumah|di tempat|jualan|dagang|buka|usah)"
    rf"|jangan(?=\W*(?:$|[,.;]|dan\b|tapi\b))|{BUSY})"
)
#: Before days on which somebody is away: "saya ke pasar tiap rabu".
BUSY_ON = rf"\b{BUSY}(?: (?:tiap|setiap|pas|on|every|di|kalau))?(?: hari)?"
