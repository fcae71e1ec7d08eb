"""Numbers of permits, badges and door codes, however they were copied or typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import reference, services
from conversations.commands import Typed, read
from conversations.parsers.identity import contains_identity_number
from conversations.phrases import Command


def document_number(text: str) -> str | None:
    """The number of a document of any service."""
    return reference.document_number(text, services.load().kinds())


PERMIT = "IUMK-2026-3174-000001"
HIDDEN = ("\u2068", "\u2069", "\u200b", "\u200e", "\ufeff", "\u00ad", "\u061c", "\u2060")
NIPS = ("198503152010011004", "19850315 201001 1 004", "19900101.202212.2.015")


@pytest.mark.parametrize(
    "typed",
    [
        PERMIT,
        "iumk-2026-3174-000001",
        "IUMK 2026 3174 000001",
        "IUMK20263174000001",
        "IUMK2026 3174-000001",
        "IUMK–2026–3174–000001",
        "IUMK—2026−3174‑000001",
        "IUMK - 2026 - 3174 - 000001",
        "IUMK/2026/3174/000001",
        "IUMK.2026.3174.000001",
        "IUMK_2026_3174_000001",
        "No. IUMK-2026-3174-000001",
        "No: IUMK-2026-3174-000001",
        "Nomor izin IUMK-2026-3174-000001",
        "IUMK-2026-3174-000001.",
        "(IUMK-2026-3174-000001)",
        '"IUMK-2026-3174-000001",',
        "ＩＵＭＫ－２０２６－３１７４－０００００１",
        "IUMK-2026-3174-٠٠٠٠٠١",
        "IUMK-2026-\n3174-000001",
        "I U M K 2 0 2 6 3 1 7 4 0 0 0 0 0 1",
        "IUMK 2026 3174 1",
        "2026-3174-000001",
        "20263174000001",
        "https://izin.example/izin/IUMK-2026-3174-000001",
        "izin.example/izin/iumk-2026-3174-000001?lang=en",
        "http://127.0.0.1:8000/izin?nomor=IUMK+2026+3174+000001&lang=en",
        "https://izin.example/izin/IUMK%20%E2%80%93%202026%20-3174-000001.",
        "https://izin.example/izin/IUMK-2026-\n3174-000001",
        *(f"{sign}IUMK-2026{sign}-3174-000001{sign}" for sign in HIDDEN),
    ],
)
def test_a_permits_number_is_read(typed: str) -> None:
    assert document_number(typed) == PERMIT
    assert read(f"cek izin {typed}") == Typed(Command.CHECK_DOCUMENT, PERMIT)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "IUMK",
        "IUMK-2026-3174",
        "IUMK-26-3174-000001",
        "IUMK-2026-3174-00001",
        "IUMK-2026-31740001",
        "IUMK-2026-3174-0000000001",
        "0812-3456-7890",
        "IUMK-2026-3174-000001 dan IUMK-2026-3174-000002",
        "//evil.example",
        "%FF%FE",
        "IUMK-2026-3174-000001A",
        "' OR 1=1",
    ],
)
def test_anything_else_is_no_permits_number(typed: str) -> None:
    assert document_number(typed) is None


@given(
    st.integers(2020, 2099),
    st.integers(3101, 3175),
    st.integers(1, 10**7),
    st.sampled_from(("-", "", " ", "/", ".", "–", " - ", "\u200b-", "－")),
    st.sampled_from(("", "No. ", "no ", "nomor: ", "\u2068")),
    st.sampled_from(("", ".", " ", "!", "\u2069")),
    st.booleans(),
)
def test_any_number_is_read_in_any_dress(
    year: int, kota: int, serial: int, dash: str, before: str, behind: str, small: bool
) -> None:
    written = dash.join(("IUMK", str(year), str(kota), f"{serial:06d}"))
    typed = before + (written.lower() if small else written) + behind
    assert document_number(typed) == f"IUMK-{year}-{kota}-{serial:06d}"


@pytest.mark.parametrize("typed", ["IUMK-2026-31740001", "iumk 2026", "no. 12345", "X-1"])
def test_a_number_that_cannot_be_one_is_no_sentence(typed: str) -> None:
    assert read(f"cek izin {typed}") == Typed(Command.CHECK_DOCUMENT, unread=typed.lower())


@pytest.mark.parametrize(
    ("typed", "badge"),
    [
        ("0417", "0417"),
        ("no. 0417", "0417"),
        ("Nomor: 0417.", "0417"),
        ("NIP 0417", "0417"),
        ("#0417", "0417"),
        ("(0417)", "0417"),
        ("０４１７", "0417"),
        ("JP-12", "JP-12"),
        ("jp – 12", "JP-12"),
        ("k12", "K12"),
        ("JP-12-A3", "JP-12-A3"),
        ("12/B", "12/B"),
        *((nip, nip) for nip in NIPS),
        *((f"{sign}0417{sign}", "0417") for sign in HIDDEN),
    ],
)
def test_a_badge_is_read(typed: str, badge: str) -> None:
    assert reference.badge(typed) == badge
    assert read(f"cek petugas {typed}") == Typed(Command.CHECK_OFFICER, badge)
    assert not contains_identity_number(f"cek petugas {typed}")


@pytest.mark.parametrize("typed", ["", " ", "-", "no.", "\u200b", "abc", "1" * 21, "Б12", "12 jam"])
def test_anything_else_is_no_badge(typed: str) -> None:
    assert reference.badge(typed) is None


@given(st.text(alphabet="JPKab-./ 0123456789–\u200b", max_size=24))
def test_every_badge_that_is_read_can_be_asked_for(typed: str) -> None:
    badge = reference.badge(typed)
    if badge is not None:
        assert reference.badge(badge) == badge
        assert read(f"cek petugas {badge}") == Typed(Command.CHECK_OFFICER, badge)


@pytest.mark.parametrize(
    "said",
    [
        "cek petugas yang datang jam 5",
        "cek izin saya",
        "cek izin saya yang kemarin tanggal 5",
        "cek surat dari rt 05",
        "petugas 0417 belum datang",
    ],
)
def test_a_sentence_is_no_check(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(
    "said",
    ["cek izin", "cek ijin.", "cek izin no.", "periksa izin", "cek surat izin", "cek dokumen"],
)
def test_without_a_number_it_is_asked_for(said: str) -> None:
    assert read(said) == Typed(Command.CHECK_DOCUMENT)


@pytest.mark.parametrize(
    "number", ["317123456789012345", "198513152010011004", "3174075705900012", "19850315201001100"]
)
def test_a_civil_servants_number_is_no_way_around_the_guard(number: str) -> None:
    assert contains_identity_number(f"cek petugas {number}")


@pytest.mark.parametrize(
    "typed",
    ["482915", "482 915", "４８２９１５", "kode: 482-915", "\u2068482915\u2069", "4.8.2.9.1.5"],
)
def test_a_code_at_the_door_is_read(typed: str) -> None:
    assert reference.door_codes(typed) == {"482915"}


@pytest.mark.parametrize(
    "typed",
    [
        "kodenya 482915 ya", "ini pak 482 915", "kode pemilik: 482915", "482915, 482915",
        "jam 10 kode 482915", "jam 08.30, 482 915", "kode 482915, hp 081234567890",
        "26-000001 482915", "the code is 482-915", "48 29 15", "kode 482915 (kunjungan ke 2)",
    ],
)  # fmt: skip
def test_a_code_is_found_in_a_sentence(typed: str) -> None:
    assert reference.door_codes(typed) == {"482915"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("482913 atau 482915", {"482913", "482915"}),
        ("bukan 482 913, 482 915", {"482913", "482915"}),
        ("081234567890", set()),
        ("0812 345678", set()),
        ("812 345 678", set()),
        ("+62 812 345678", set()),
        ("021 482915", set()),
        ("26-482915", set()),
        ("48291", set()),
        ("4829155", set()),
        ("ngasih 150.000", set()),
        ("ngasih Rp 150000", set()),
        ("belum ada", set()),
    ],
)
def test_other_numbers_are_no_code_and_two_codes_are_two(typed: str, found: set[str]) -> None:
    assert reference.door_codes(typed) == found


@given(st.text(max_size=600))
def test_nothing_typed_is_too_much(typed: str) -> None:
    document_number(typed)
    reference.badge(typed)
    reference.door_codes(typed)
    assert len(reference.shown(typed)) <= reference.MAX_SHOWN
