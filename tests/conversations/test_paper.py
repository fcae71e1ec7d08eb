"""What will be printed: the same lines on the sheet and in the chat, and names as names are set."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import catalogue, paper, services
from conversations.step import LEFT, Context
from tests.conversations import city

PERMIT = services.load()["business_permit"]
WORDS = catalogue.load()


def told(**answers: Any) -> list[str]:
    """Return what is told before a permit is printed, in Indonesian."""
    known = {**city.ANSWERS, **answers}
    name = paper.holder(None, PERMIT.holder(known))
    said = paper.printed(PERMIT, PERMIT.documents[0], name, known, city.facts())
    return [WORDS.say(one, "id") for one in said]


def test_everything_on_a_permit_is_told_and_no_sum() -> None:
    assert told(business_name="Warung Bu Siti") == [
        "Dicetak di izin:",
        "Nama: Siti Aminah",
        "Nama usaha: Warung Bu Siti",
        "Jenis usaha: Warung makan, rumah makan, restoran di bangunan tetap",
        "Tempat usaha: Di rumah",
        "Alamat: Gang Mawar nomor 7, sebelah musala, RT 005/RW 003",
        "Kelurahan: Cipete Utara, Kebayoran Baru, Jakarta Selatan",
        "Skala: Usaha mikro",
    ]


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"trade": LEFT}, "Jenis usaha: diisi bersama petugas"),
        ({"rt_rw": None}, "Alamat: Gang Mawar nomor 7, sebelah musala"),
        ({"street": None}, "Alamat: RT 005/RW 003"),
        ({"place": None}, "Kelurahan: diisi bersama petugas"),
        ({"owner_name": "SITI AMINAH"}, "Nama: Siti Aminah"),
    ],
)
def test_what_is_missing_is_told_as_missing(answers: dict[str, Any], line: str) -> None:
    assert line in told(**answers)


def test_what_nobody_answered_has_no_line() -> None:
    assert not any(one.startswith("Alamat") for one in told(rt_rw=None, street=None))
    assert not any(one.startswith("Nama usaha") for one in told())


def test_strangers_read_no_name_of_the_business_and_no_address() -> None:
    lines = PERMIT.documents[0].printed({**city.ANSWERS, "business_name": "Warung"}, city.facts())
    public = [one.label for one in lines if one.public]
    assert public == ["business_permit.iumk.trade", "business_permit.place.label"]


def test_a_review_tells_every_answer_once_and_the_name_on_the_card() -> None:
    answers = {**city.ANSWERS, "business_name": "Warung Bu Siti"}
    known = city.facts(on_card="DEWI LESTARI")
    own = paper.review(PERMIT, PERMIT.form, Context(PERMIT.id, "", answers, known))
    lines = [WORDS.say(one, "id") for one in own.items]
    assert lines[1] == "Nama: Dewi Lestari"
    labels = [line.partition(":")[0] for line in lines]
    assert len(labels) == len({*labels})
    for label in ("Alamat", "Modal", "Penjualan", "Yang bekerja", "KTP", "Hari", "Foto"):
        assert label in labels
    of_another = Context(PERMIT.id, "", answers, known, whom=7)  # an officer fills in the form
    lines = [WORDS.say(one, "id") for one in paper.review(PERMIT, PERMIT.form, of_another).items]
    assert lines[1] == "Nama: Siti Aminah"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("siti aminah", "Siti Aminah"),
        ("SITI AMINAH", "Siti Aminah"),
        ("  siti   aminah ", "Siti Aminah"),
        ("sITI aMINAH", "Siti Aminah"),
        ("SITI Aminah", "Siti Aminah"),
        ("Siti Nurhaliza binti Akhmad", "Siti Nurhaliza binti Akhmad"),
        ("SITI NURHALIZA BINTI AKHMAD", "Siti Nurhaliza binti Akhmad"),
        ("hj. siti aminah", "Hj. Siti Aminah"),
        ("HJ. SITI AMINAH", "Hj. Siti Aminah"),
        ("h. m. yusuf", "H. M. Yusuf"),
        ("M. ALI", "M. Ali"),
        ("H.M. YUSUF", "H.M. Yusuf"),
        ("R.A. KARTINI", "R.A. Kartini"),
        ("nur'aini", "Nur'aini"),
        ("NUR'AINI", "Nur'aini"),
        ("SUPARMAN", "Suparman"),
        ("suparman", "Suparman"),
        ("I GUSTI NGURAH RAI", "I Gusti Ngurah Rai"),
        ("BUDI SANTOSO, S.PD.", "Budi Santoso, S.Pd."),
        ("budi santoso iii", "Budi Santoso III"),
        ("KRMT Roy Suryo", "KRMT Roy Suryo"),
        ("RM Soekarno", "RM Soekarno"),
        ("McKay Tan", "McKay Tan"),
        ("ABDUL-AZIZ", "Abdul-Aziz"),
        ("A", "A"),
        ("", ""),
    ],
)
def test_a_name_is_set_as_names_are(written: str, printed: str) -> None:
    assert paper.holder(None, written) == printed
    assert paper.holder(written or None, printed) == printed


@given(st.text("abeiknrstu.,'- ABEIKNRSTU", max_size=60))
def test_a_name_keeps_its_letters(written: str) -> None:
    printed = paper.holder(None, written)
    assert [c for c in printed.lower() if c.isalpha()] == [
        c for c in written.lower() if c.isalpha()
    ]


@given(st.lists(st.from_regex(r"[bdkmnst][aeiou][knrst][aeiou]{1,3}", fullmatch=True), min_size=1))
def test_a_name_is_the_same_in_small_letters_and_in_capitals(words: list[str]) -> None:
    expected = " ".join(word.capitalize() for word in words)
    assert paper.holder(None, " ".join(words)) == expected
    assert paper.holder(" ".join(words).upper(), "") == expected
