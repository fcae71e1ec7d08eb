"""Ordinary answers hold words of matters: goods, places and names raise none."""

from __future__ import annotations

import pytest

from conversations.engine.matters import matter
from conversations.phrases import Intent

#: What people answer, with words that would raise a matter elsewhere.
ANSWERS = """
jual ikan hidup|jual ikan asap|gulai jantung|sop jantung sapi|sate api|mie api level 5
jual golok dan pisau dapur|catering pernikahan|souvenir nikah|sewa tenda nikahan
jual seragam sekolah|kantin sekolah|jual buku sekolah|bakso halal|ayam geprek halal
toko halal berkah|pulsa dan token listrik|alat listrik|jual tanah liat|jual plat nomor
fotokopi dan print|jasa cetak undangan|cetak kaos|jual amplop dan kertas|jual kue tetangga
toko sembako|jual hp rusak|servis hp mati|jual stiker merek|jual obat darah tinggi
jual kambing hidup|ayam potong dan ayam hidup|bakso beranak|depan sekolah|samping got
depan puskesmas|pinggir rel kereta api|kios koperasi|depan bank|gang api 3 nomor 5
jalan koperasi nomor 8|jalan bank 2|jalan tanah abang 3 nomor 10|jalan tanah merdeka
samping samsat|sebelah kua|samping tower pln|dekat makam pahlawan|sebelah bank sampah
warung koperasi jaya|bakso meledak|ayam darurat|sambal api|mie mati rasa|kedai sekarat
bakso tetangga|nenek sambal|bank kopi|jantung hati lestari|kobar siregar|urip santoso
berkah halal wijaya|modal dari koperasi 2 juta|dibantu adik saya|sama istri|saya dan ibu saya
saya jualan bakso pakai gerobak|saya sudah jualan 5 tahun|warung saya di tanah abang
i got a small shop in tebet|usaha saya catering pernikahan|jualan di depan sekolah
saya jualan pulsa dan token listrik|gerobak jual cilok keliling|jual es, sudah jual dari 2010
toko saya di dekat pln|warung saya belum punya izin|hari terakhir semua laku
dagangan saya lagi meledak, mau bikin izin|saya mati matian jualan, minta izin dong
jual hp second|konter hp dan pulsa|seblak viral|es teh viral keliling|foto keliling|jasa foto wisuda
agen koran|jual kambing guling|jual bantal guling|jual meja lipat|gerobak dorong jual bakso
studio rekaman|jual burung suara merdu|jual atasan wanita|jual buku cerita anak|kantin polres
jual pin dan gantungan kunci|makan siang buat petugas|depan polsek tebet|gang kepala dua no 4
belakang konter hp|dekat pengadilan negeri|rumah pintu hijau|Rela Sari|Dewi Media
kompor ga mau hidup|udah semua|kalau saya ga ada gimana|usaha ini buat hidup saya sama anak
"""
#: Matters that another room of words decides, or that stand for no matter beside the question.
HARMLESS = {Intent.GREETING, Intent.HELP, Intent.YES, Intent.NO, Intent.RESCHEDULE, Intent.STATUS}


@pytest.mark.parametrize("said", ANSWERS.strip().replace("\n", "|").split("|"))
def test_goods_places_and_names_raise_no_matter(said: str) -> None:
    raised = matter(said)
    assert raised is None or raised.intent in HARMLESS


@pytest.mark.parametrize(
    "said",
    [
        "warung saya kebakaran",
        "ada api di warung",
        "api gede di kios sebelah",
        "bakso saya kebakar, tolong",
        "help, my kitchen is on fire",
        "istri ga sadar di warung",
        "gas bocor di toko",
        "orang jatoh ga gerak depan kios",
    ],
)
def test_help_is_called_for_beside_goods_and_places(said: str) -> None:
    raised = matter(said)
    assert raised is not None and raised.intent is Intent.EMERGENCY


@pytest.mark.parametrize(
    "said",
    [
        "petugas minta uang ga?",
        "nanti petugas minta uang ga",
        "takut dimintain duit",
        "ada pungutan ga",
    ],
)
def test_a_question_about_money_is_no_complaint(said: str) -> None:
    raised = matter(said)
    assert raised is not None and raised.intent is Intent.COST


@pytest.mark.parametrize("said", ["petugas datang ke tempat saya pukul 9", "minta no telp petugas"])
def test_an_hour_is_no_blow_and_the_short_form_of_number_is_no_denial(said: str) -> None:
    raised = matter(said)
    assert raised is None or raised.intent not in (Intent.EMERGENCY, Intent.NO_CALL)


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("lampu jalan mati", "city"),
        ("kk mau dipecah", "dukcapil"),
        ("stnk mati dua tahun", "police"),
        ("izin PIRT gimana", "food"),
        ("bpjs ga aktif", "social"),
        ("daftar merek dagang", "other"),
    ],
)
def test_each_authority_is_named(said: str, part: str) -> None:
    raised = matter(said)
    assert raised is not None and (raised.intent, raised.part) == (Intent.OTHER_AUTHORITY, part)
