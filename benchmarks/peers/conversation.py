"""The peers' questions: as many steps as the product, with texts and keyboards of the same size.

Answers are stored without validation. A peer that parsed sums, places and kinds of business like
the product would be slower.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Question:
    """One step: its question, and the kind of its answer."""

    name: str
    words: str
    takes: Literal["tap", "text", "location", "photo"] = "text"
    buttons: tuple[tuple[str, str], ...] = ()  # value, label

    def data(self, value: str) -> str:
        """Return the callback data of a button."""
        return f"{self.name}|{value}"


QUESTIONS: Final = (
    Question(
        "menu",
        "Halo, selamat datang di layanan izin usaha. Gratis. Petugas kami yang datang ke tempat "
        "Bapak/Ibu, dan petugas tidak pernah menerima uang. Ini bukan penertiban.\n\n"
        "Apa yang bisa kami bantu?",
        "tap",
        (
            ("business_permit", "Minta izin usaha"),
            ("status", "Cek permohonan saya"),
            ("help", "Bantuan"),
            ("english", "English"),
        ),
    ),
    Question(
        "consent",
        "Kami akan bertanya beberapa hal, sekitar 5 menit. Boleh berhenti kapan saja dan lanjut "
        "lagi nanti.\n\nJawaban Bapak/Ibu hanya dipakai untuk mengurus izin usaha, dan boleh "
        "diminta dihapus.\n\nSetuju?",
        "tap",
        (("yes", "Setuju, mulai"), ("no", "Tidak")),
    ),
    Question("owner_name", "1 dari 15. Siapa nama Bapak/Ibu, seperti di KTP?"),
    Question(
        "trade",
        "Terima kasih.\n\n2 dari 15. Bapak/Ibu jualan atau usaha apa? Tulis dengan kata-kata "
        "sendiri. Contoh: jual gorengan pakai gerobak",
    ),
    Question(
        "kind",
        "Yang mana yang paling cocok?",
        "tap",
        (
            ("56102", "Makanan gerobak/lapak"),
            ("56101", "Warung/rumah makan"),
            ("none", "Tidak ada yang cocok"),
        ),
    ),
    Question(
        "business_name",
        "Baik.\n\n3 dari 15. Apa nama usahanya? Contoh: Warung Bu Siti. Belum punya nama juga "
        "tidak apa-apa.",
    ),
    Question(
        "place",
        "4 dari 15. Di mana tempat usahanya? Kirim lokasi: tekan penjepit kertas, lalu Lokasi.",
        "location",
    ),
    Question(
        "kelurahan",
        "Kelihatannya di Cipete Selatan, Cilandak. Benar? Pilih kelurahannya:",
        "tap",
        (
            ("31.74.06.1005", "Cipete Selatan"),
            ("31.74.07.1010", "Cipete Utara"),
            ("31.74.06.1002", "Gandaria Selatan"),
            ("other", "Kelurahan lain"),
        ),
    ),
    Question("rt_rw", "5 dari 15. RT dan RW berapa? Contoh: RT 5 RW 3"),
    Question(
        "street",
        "6 dari 15. Apa nama jalan atau gangnya, dan dekat apa? Contoh: Gang Mawar nomor 7, "
        "sebelah musala",
    ),
    Question(
        "premises",
        "7 dari 15. Bapak/Ibu berjualan di mana?",
        "tap",
        (("fixed", "Tempat tetap"), ("mobile", "Keliling"), ("home", "Di rumah")),
    ),
    Question(
        "photo",
        "8 dari 15. Tolong kirim foto tempat usahanya: gerobak, kios, atau dapurnya.",
        "photo",
    ),
    Question(
        "capital",
        "9 dari 15. Berapa modal usahanya sekarang, kira-kira? Tanah dan bangunan tidak "
        "dihitung. Contoh: 5 juta",
    ),
    Question("turnover", "10 dari 15. Kira-kira berapa penjualannya dalam sebulan?"),
    Question("workers", "11 dari 15. Berapa orang yang bekerja, termasuk Bapak/Ibu sendiri?"),
    Question(
        "papers",
        "12 dari 15. Usaha ini sudah punya surat? Kalau belum, tidak apa-apa.",
        "tap",
        (
            ("none", "Belum punya"),
            ("nib", "Sudah ada NIB"),
            ("iumk", "Sudah ada IUMK"),
            ("npwp", "Hanya NPWP"),
        ),
    ),
    Question(
        "identity",
        "13 dari 15. Izin harus atas nama Bapak/Ibu, jadi kami perlu melihat KTP. Pilih: isi "
        "sendiri di halaman aman kami, atau tunjukkan KTP saat petugas datang.",
        "tap",
        (("page", "Isi di halaman aman"), ("door", "Saat petugas datang")),
    ),
    Question(
        "days",
        "14 dari 15. Hari apa Bapak/Ibu biasanya ada di tempat?",
        "tap",
        (("any", "Hari apa saja"),),
    ),
    Question(
        "part",
        "15 dari 15. Enaknya petugas datang jam berapa?",
        "tap",
        (
            ("any", "Jam berapa saja"),
            ("morning", "Pagi, 08.00-10.30 WIB"),
            ("midday", "Siang, 10.30-13.00 WIB"),
            ("afternoon", "Sore, 13.00-16.00 WIB"),
        ),
    ),
    Question(
        "confirm",
        "Ini jawaban Bapak/Ibu. Sudah benar semua?",
        "tap",
        (("send", "Benar, kirim"), ("change", "Ada yang diubah")),
    ),
)
PHOTO_HEARD: Final = "1 foto diterima. Masih ada lagi? Kirim saja. Kalau sudah cukup, tulis: sudah"


def words(question: Question, answers: Mapping[str, object]) -> str:
    """Return the question's text; the last one shows all answers."""
    if question.name != "confirm":
        return question.words
    shown = (f"{one.name}: {answers.get(one.name)}" for one in QUESTIONS[2:-1])
    return "\n".join((question.words, "", *shown))


def farewell(chat: int) -> str:
    """Return the last message."""
    return f"Permohonan sudah kami terima, nomor 26-{chat % 10**6:06d}."
