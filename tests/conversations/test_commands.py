"""Commands in any usual spelling, and never a command out of an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.commands import Typed, read
from conversations.phrases import Command, Intent, intent

SPELLINGS = {
    Command.BACK: "kembali|0|balik dong|mundur|ke sebelumnya",
    Command.CANCEL: "btl|batal|BATAL!!|gak jadi|ga jadi deh|nggak jadi|batalin aja|cancel",
    Command.MENU: "menu|Menu.|menu utama|/menu|menu dong",
    Command.HELP: "bantuan|tolong|tolong pak|help|/help",
    Command.STATUS: "status|sudah sampai mana|udah sampe mana ya|/status@IzinDatangBot",
    Command.HUMAN: "admin|cs|mau ngomong sama orang|bicara dengan petugas",
    Command.STOP: "berhenti|stop|STOP|jangan wa saya lagi",
    Command.START: "mulai|/start|start",
    Command.LANGUAGE: "bahasa|ganti bahasa|language",
    Command.RESTART: "ulang dari awal|ulangi|mulai lagi|reset",
    Command.MY_DATA: "DATA SAYA|data saya|lihat data saya dong|minta salinan data|copy of my data",
    Command.ERASE_DATA: "HAPUS DATA|hapus data saya|tolong hapus data saya|saya mau hapus data|"
    "minta data saya dihapus|delete my account|please erase my data",
    Command.SEND_DOCUMENT: "kirim ulang izin|kirim lagi izinnya",
}


@pytest.mark.parametrize(
    ("said", "command"),
    [(said, command) for command, listed in SPELLINGS.items() for said in listed.split("|")],
)
def test_a_command_is_read_in_any_usual_spelling(said: str, command: Command) -> None:
    assert read(said) == Typed(command)


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("CEK PETUGAS 0417", Typed(Command.CHECK_OFFICER, "0417")),
        ("cek petugas no. 0417", Typed(Command.CHECK_OFFICER, "0417")),
        ("cek petugas", Typed(Command.CHECK_OFFICER)),
        (
            "CEK IZIN IUMK-2026-3174-000123",
            Typed(Command.CHECK_DOCUMENT, "IUMK-2026-3174-000123"),
        ),
        (
            "cek izin iumk 2026 3174 000123",
            Typed(Command.CHECK_DOCUMENT, "IUMK-2026-3174-000123"),
        ),
        ("IUMK-2026-3174-000123", Typed(Command.CHECK_DOCUMENT, "IUMK-2026-3174-000123")),
        ("iumk20263174000123", Typed(Command.CHECK_DOCUMENT, "IUMK-2026-3174-000123")),
        (" iumk/2026/3174/000123.", Typed(Command.CHECK_DOCUMENT, "IUMK-2026-3174-000123")),
        ("IUMK 2026 3174 12?", Typed(Command.CHECK_DOCUMENT, "IUMK-2026-3174-000012")),
        ("english please", Typed(Command.LANGUAGE, "en")),
        ("bahasa indonesia", Typed(Command.LANGUAGE, "id")),
        ("Halo, saya lihat poster 317405", Typed(Command.POSTER, "31.74.05")),
        ("hello, I saw the poster 3174051001.", Typed(Command.POSTER, "31.74.05.1001")),
        ("poster 31.74", Typed(Command.POSTER, "31.74")),
        ("POSTER 31740", Typed(Command.POSTER)),
    ],
)
def test_a_command_carries_its_argument(said: str, typed: Typed) -> None:
    assert read(said) == typed


@pytest.mark.parametrize(
    "said",
    [
        "",
        "00",
        "10",
        "mulai jam 9",
        "Warung Stop Lapar",
        "toko kembali makmur",
        "kursus bahasa inggris",
        "saya mau batal besok tapi nanti",
        "admin online shop",
        "jual bantuan pangan",
        "orang tua saya",
        "cek petugas yang kemarin datang",
        "IUMK",
        "iumk 2020",
        "IUMK lama nomor 2019-31",
        "IUMK-2026-3174-000123 punya saya",
    ],
)
def test_an_answer_is_never_taken_for_a_command(said: str) -> None:
    assert read(said) is None


MEANINGS = {
    Intent.YES: "iya pak|yaaa|okee|sippp|bener|👍🏻|nggih|udah|gaskeun|yoi",
    Intent.NO: "nggak deh|tdk setuju|bukan|❌|ga usah|moh|tidaaak|belum",
    Intent.BACK: "balik dong|salah ketik|mau ganti jawaban tadi|yang tadi salah",
    Intent.CANCEL: "btl|gak jadi deh|udah ah batal|ga jadi daftar",
    Intent.RESTART: "/start|mulai ulang|mau ulang dari awal|balik ke awal",
    Intent.SKIP: "lewat aja|ga ada|blm ada|ga punya nama|nanti aja",
    Intent.HELP: "bingung|ga ngerti|maksudnya gimana|gimana cara daftarnya|harus gimana",
    Intent.STATUS: "udah sampe mana|izin saya udah jadi blm|petugasnya mana|kapan selesai",
    Intent.HUMAN: "mau ngobrol sama petugas|hubungi petugas|minta nomor admin|ini robot ya",
    Intent.STOP: "jangan chat lagi|hapus nomor saya|berhenti langganan",
    Intent.COMPLAINT: (
        "petugas minta uang|dimintain duit|petugas galak|kok petugas belum datang|lapor penipuan"
        "|saya ditipu petugas|ini penipuan! petugas minta uang|takut petugas minta uang"
        "|saya kemarin ditipu, apa ini penipuan juga|ada petugas gadungan|saya kena penipuan"
    ),
    Intent.THANKS: "makasih banyak pak|hatur nuhun|🙏|tengkyu",
    Intent.GREETING: "halo min|assalamu'alaikum wr wb|pagi pak|met siang|kulonuwun",
    Intent.COST: "bayar ga|ini gratis?|biayanya berapa|berapa duit|ada pungutan ga",
    Intent.FEAR: "nanti digusur ga|kena razia ga|ntar dipajakin|lapak saya dibongkar ga",
    Intent.DOUBT: (
        "ini penipuan ya?|penipuan ya pak|apa ini penipuan|ini bukan penipuan kan|takut ditipu"
        "|jangan-jangan penipuan|ini modus ya|ini hoax ya|ini resmi atau palsu|ini tipu2 ya"
        "|ini asli apa bohong|ini beneran?|is this a scam?"
    ),
    Intent.RESCHEDULE: "ganti jadwal|bisa diundur ga|besok ga bisa|pindah hari",
    Intent.BANTUAN_MONEY: "ada bantuan modal|blt kapan cair|dapet duit ga|bantuan dari pemerintah",
}


@pytest.mark.parametrize(
    ("said", "meaning"),
    [(said, meaning) for meaning, listed in MEANINGS.items() for said in listed.split("|")],
)
def test_an_intent_is_understood(said: str, meaning: Intent) -> None:
    assert intent(said) is meaning


@pytest.mark.parametrize(
    "said",
    ["", "siti aminah", "caraka wijaya", "jual nasi uduk", "5 juta", "coffee shop", "tambal ban"],
)
def test_an_answer_has_no_intent(said: str) -> None:
    assert intent(said) is None


@given(st.text(max_size=40))
def test_any_text_is_read_without_harm(said: str) -> None:
    assert read(said) is None or intent(said) is not None or isinstance(read(said), Typed)
