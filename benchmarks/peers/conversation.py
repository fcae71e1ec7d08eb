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
    takes: Literal["tap", "text", "location", "photo"] = "text"  # "photo": or a text, which ends it
    buttons: tuple[tuple[str, str], ...] = ()  # value, label

    def data(self, value: str) -> str:
        """Return the callback data of a button."""
        return f"{self.name}|{value}"


QUESTIONS: Final = (
    Question(
        "menu",
        "Halo, ini layanan izin usaha. Gratis: petugas datang ke tempat Bapak/Ibu, tidak "
        "pernah menerima uang. Ini bukan penertiban.\n\nApa yang bisa dibantu?",
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
        "Jawaban Bapak/Ibu hanya untuk mengurus izin usaha, dan boleh diminta dihapus.\n\nAda "
        "yang meminta uang? Ketik: lapor pungli\n\nSetuju kami mulai?",
        "tap",
        (("yes", "Setuju, mulai"), ("no", "Tidak")),
    ),
    Question(
        "way",
        "Mau cepat? Petugas datang dan mengisi sisanya.",
        "tap",
        (("quick", "Cepat, 3 pertanyaan"), ("self", "Isi sendiri")),
    ),
    Question("owner_name", "1 dari 9. Siapa nama Bapak/Ibu, seperti di KTP? Contoh: Siti Aminah"),
    Question(
        "trade",
        "Terima kasih.\n\n2 dari 9. Jualan atau usaha apa? Contoh: jual gorengan pakai gerobak",
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
    Question("business_name", "Kami catat.\n\n3 dari 9. Apa nama usahanya? Contoh: Warung Bu Siti"),
    Question(
        "place",
        "4 dari 9. Di mana jualannya? Tulis kelurahan, jalan atau patokan, atau kirim lokasi. "
        "Contoh: Cipete Utara, Jl. Damai RT 5/3, depan masjid",
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
    Question(
        "street",
        "4 dari 9. Apa nama jalan atau gangnya, dan dekat apa? Contoh: Gang Mawar no. 7, RT 5/3, "
        "sebelah musala",
    ),
    Question(
        "premises",
        "5 dari 9. Jualannya di tempat seperti apa?",
        "tap",
        (
            ("fixed", "Tempat tetap"),
            ("mobile", "Keliling"),
            ("home", "Di rumah"),
            ("roadside", "Pinggir jalan"),
        ),
    ),
    Question(
        "figures",
        "6 dari 9. Kira-kira saja: modal, penjualan sebulan, dan yang kerja berapa orang? Contoh: "
        "modal 3 juta, sebulan 5 juta, sendiri",
        "photo",
    ),
    Question(
        "papers",
        "7 dari 9. Usaha ini sudah punya surat?",
        "tap",
        (
            ("none", "Belum punya"),
            ("nib", "Sudah ada NIB"),
            ("iumk", "Sudah ada IUMK"),
            ("npwp", "Hanya NPWP"),
            ("lost", "Dulu punya, hilang"),
        ),
    ),
    Question(
        "identity",
        "8 dari 9. KTP mau ditunjukkan lewat mana? Jangan kirim KTP atau NIK di chat.",
        "tap",
        (("page", "Isi di halaman aman"), ("door", "Saat petugas datang")),
    ),
    Question(
        "days",
        "9 dari 9. Kapan enaknya petugas datang? Contoh: Senin-Kamis pagi",
        "tap",
        (("any", "Kapan saja"),),
    ),
    Question(
        "confirm",
        "Sudah benar semua?",
        "tap",
        (("send", "Benar, kirim"), ("change", "Ada yang diubah")),
    ),
)
PHOTO_HEARD: Final = "Foto diterima: sekarang 1 foto."


def words(question: Question, answers: Mapping[str, object]) -> str:
    """Return the question's text; the last one shows all answers."""
    if question.name != "confirm":
        return question.words
    shown = (f"{one.name}: {answers.get(one.name)}" for one in QUESTIONS[2:-1])
    return "\n".join((question.words, "", *shown))


def farewell(chat: int) -> str:
    """Return the last message."""
    return f"Permohonan sudah kami terima, nomor 26-{chat % 10**6:06d}."
