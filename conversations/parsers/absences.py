"""Patterns of words that say when somebody is away: "rabu saya ke pasar", "jangan pagi"."""

from __future__ import annotations

#: Before days or times that do not suit, in standard spelling.
DENIES = (
    r"\b(?:jangan|selain|kecuali|bukan|asal jangan|tidak (?:bisa|mau|usah|ada|di rumah|di tempat)"
    r"|except|other than|not|never|(?<=day )but|but not|asal bukan|asal tidak)"
    r"(?: (?:di|pas|hari|malam|pada|kalau|on|at|yang|untuk|waktu|jam|sekitar|terlalu"
    r"|around|in the)){0,3}"
)
#: Behind days or times that do not suit, in standard spelling.
AWAY = (
    r"(?:(?:saya|kami|aku|itu|nya|ada|lagi|masih|mau|harus|biasanya|suka|selalu|pasti|sedang|sekeluarga"
    r"|i|i'm|i am|we)\b[\s,]{0,2}){0,4}"
    r"(?:tidak (?:bisa|ada|di rumah|di tempat|jualan|dagang|buka|usah)"
    r"|jangan(?=\W*(?:$|[,.;]|dan\b|tapi\b))|libur|tutup|pergi|keluar|sibuk"
    r"|repot|ke (?:pasar|dokter|rumah sakit|rs|kampung|bank|kondangan|sekolah|luar|bogor|bandung"
    r"|puskesmas|tanah abang|mertua|kota|kantor|gereja)"
    r"|di (?:kampung|luar|rumah sakit|rs|dokter|jalan)"
    r"|pengajian|ngaji|arisan|hajatan|kondangan|acara|pulang kampung|mudik|belanja|kulakan"
    r"|kontrol|berobat|tidur|istirahat|kuliah|ujian|nikahan|rapat|away|out|busy|closed|can't|cannot"
    r"|go to|at the (?:doctor|hospital)|not (?:home|there|available))\b"
)
