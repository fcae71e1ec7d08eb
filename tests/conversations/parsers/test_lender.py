"""A lender's name as people type it: one of the register, their own words, or a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from casework.lenders import register, shipped_register
from conversations.events import Said
from conversations.lenders import Lenders, is_private, told_kind
from conversations.messages import Json
from conversations.parsers import Refused
from conversations.parsers.lender import AT_MOST, lender
from conversations.step import Context
from conversations.steps import Ask
from models.reference.lender import LenderRow
from tests.conversations import city

SHIPPED = shipped_register(date(2026, 11, 28))
FACTS = city.facts()
STEP = Ask("lender", parse=lender())


def read(text: str, kind: str = "", lenders: Lenders = SHIPPED) -> Json:
    """Read a name, as the answer to a question behind the one for the kind of lender."""
    answers: dict[str, Json] = {"lender_kind": kind} if kind else {}
    facts = replace(FACTS, lenders=lenders)
    return STEP.read(Said(text), Context("credit", "", answers, facts))


def asked(text: str, kind: str = "", lenders: Lenders = SHIPPED) -> tuple[str, tuple[str, ...]]:
    """Return the reason of a refusal, and the readings that are offered."""
    with pytest.raises(Refused) as refused:
        read(text, kind, lenders)
    return refused.value.reason, tuple(one.value for one in refused.value.readings)


@pytest.mark.parametrize(
    ("said", "lender_id"),
    [
        ("Bank DKI", "bank-jakarta"), ("bank jakarta", "bank-jakarta"), ("DKI", "bank-jakarta"),
        ("bank jakrta", "bank-jakarta"), ("bankdki", "bank-jakarta"),
        ("bang jakarta", "bank-jakarta"), ("Bank DKI Syariah", "bank-jakarta"),
        ("BRI", "bri"), ("b.r.i", "bri"), ("B R I", "bri"), ("brii", "bri"), ("bankbri", "bri"),
        ("bank rakyat indonesia", "bri"), ("bank rakyt indonesia", "bri"), ("kur bri", "bri"),
        ("PT Bank Rakyat Indonesia (Persero) Tbk", "bri"), ("banknya bri pak", "bri"),
        ("saya pinjam di BRI", "bri"), ("i borrowed from bri", "bri"), ("it's BRI", "bri"),
        ("mandiri", "mandiri"), ("mandri", "mandiri"), ("bank mandiri", "mandiri"),
        ("bank mandri", "mandiri"), ("bankmandiri", "mandiri"), ("Mandiri ya kak", "mandiri"),
        ("my loan is at Bank Mandiri", "mandiri"),
        ("BNI", "bni"), ("bni 46", "bni"), ("bank negara indonesia", "bni"), ("b n i", "bni"),
        ("bsi", "bsi"), ("bank syariah indonesia", "bsi"), ("bri syariah", "bsi"),
        ("mandiri syariah", "bsi"), ("bank syariah mandiri", "bsi"),
        ("bank mandiri syari'ah", "bsi"), ("Bank BRI Syariah", "bsi"),
        ("btn", "btn"), ("bank tabungan negara", "btn"), ("bank tabungan negra", "btn"),
        ("pnm", "pnm"), ("pnm mekaar", "pnm"), ("PNM Mekar", "pnm"), ("ulamm", "pnm"),
        ("permodalan nasional madani", "pnm"), ("mekaar syariah", "pnm"),
        ("Mekaar kelompok melati", "pnm"),
        ("pegadaian", "pegadaian"), ("pegadian", "pegadaian"), ("penggadaian", "pegadaian"),
        ("utang ke pegadaian", "pegadaian"), ("I owe Pegadaian", "pegadaian"),
    ],
)  # fmt: skip
def test_a_name_that_people_type_is_the_lender(said: str, lender_id: str) -> None:
    found = SHIPPED.get(lender_id)
    assert found is not None
    assert read(said) == {"id": lender_id, "name": found.name}
    assert SHIPPED.find(said)[0] == found


@pytest.mark.parametrize(
    ("said", "kind", "lender_id"),
    [
        ("beri", "bank", "bri"),
        ("bank beri", "bank", "bri"),
        ("mekar", "pnm", "pnm"),
        ("mekaar ya bu", "pnm", "pnm"),
        ("pegadaian", "bank", "pegadaian"),
    ],
)
def test_the_kind_that_was_chosen_before_decides(said: str, kind: str, lender_id: str) -> None:
    answer = read(said, kind)
    assert isinstance(answer, dict)
    assert answer["id"] == lender_id


@pytest.mark.parametrize(
    ("said", "branch"),
    [
        ("bri unit cipulir", "unit cipulir"),
        ("saya pinjam di BRI Unit Cipulir", "Unit Cipulir"),
        ("unit cipulir bri", "unit cipulir"),
        ("bank bri cabang Fatmawati ya", "cabang Fatmawati"),
        ("bri cipulir", "cipulir"),
        ("BRI yg di pasar minggu", "pasar minggu"),
    ],
)
def test_words_that_name_an_office_are_its_branch(said: str, branch: str) -> None:
    assert read(said) == {"id": "bri", "name": "BRI", "branch": branch}


@pytest.mark.parametrize("said", ["bri tapi lupa yang mana", "bri udah lama banget", "BRI aja"])
def test_other_words_beside_a_name_are_no_branch(said: str) -> None:
    assert read(said) == {"id": "bri", "name": "BRI"}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("btpn", "btpn"), ("bank btpn", "bank btpn"), ("bankbtpn", "bankbtpn"), ("bca", "bca"),
        ("mandiri taspen", "mandiri taspen"), ("bri agro", "bri agro"),
        ("Adira Finance", "Adira Finance"), ("bri finance", "bri finance"), ("Kredivo", "Kredivo"),
        ("koperasi sejahtera mandiri", "koperasi sejahtera mandiri"), ("mekar sari", "mekar sari"),
        ("saya pinjam di koperasi  maju jaya", "koperasi maju jaya"),
        ("BPR Universal", "BPR Universal"), ("my loan is from Bank Permata", "Bank Permata"),
        ("bu haji", "bu haji"), ("rentenir", "rentenir"), ("bank keliling", "bank keliling"),
        ("bank plecit mandiri", "bank plecit mandiri"), ("utang ke tetangga", "tetangga"),
    ],
)  # fmt: skip
def test_a_lender_outside_the_register_keeps_its_name(said: str, name: str) -> None:
    assert read(said) == {"id": "", "name": name}
    assert SHIPPED.find(said) == ()


@pytest.mark.parametrize(
    ("said", "kind", "offered"),
    [
        ("bri sama mandiri", "", ("bri", "mandiri")),
        ("bni or btn", "bank", ("bni", "btn")),
        ("bank syariah", "bank", ("bsi",)),
        ("gadai", "leasing", ("pegadaian",)),
        ("mandiri", "cooperative", ("mandiri",)),
        ("koperasi mandiri", "", ("mandiri",)),
        ("mekar", "online", ("pnm",)),
        ("mekar cipulir", "pnm", ("pnm",)),
        ("setoran mekar", "pnm", ("pnm",)),
        ("BRI dan koperasi maju", "bank", ("bri",)),
        ("syariah", "bank", ("bsi",)),
        ("pawnshop", "", ("pegadaian",)),
    ],
)
def test_an_unclear_name_is_asked_back(said: str, kind: str, offered: tuple[str, ...]) -> None:
    assert asked(said, kind) == ("which_lender", (*offered, "as-typed"))


def test_a_choice_is_an_answer() -> None:
    with pytest.raises(Refused) as refused:
        read("bri atau bni unit tebet")
    answers = [one.answer for one in refused.value.readings]
    assert answers == [
        {"id": "bri", "name": "BRI", "branch": "unit tebet"},
        {"id": "bni", "name": "BNI", "branch": "unit tebet"},
        {"id": "", "name": "bri atau bni unit tebet"},
    ]


@pytest.mark.parametrize(
    "said",
    [
        "ga tau", "lupa", "idk", "nanti saya beri tahu", "bank", "koperasi", "bpr ya", "pinjol",
        "saya pinjam di bank", "the bank", "banknya lupa", "lupa nama banknya", "bank apa ya",
        "belum pinjam", "bukan bank", "no lender", "don't remember the bank",
        "koperasi apa ya lupa", "x", "😀", "...",
    ],
)  # fmt: skip
def test_words_that_name_nobody_are_asked_for_a_name(said: str) -> None:
    assert asked(said) == ("lender_please", ())


@pytest.mark.parametrize(
    "said",
    ["bri 001201000123501", "0012-01-000123-50-1", "nomor pinjaman 1234 5678", "08123456789"],
)
def test_a_number_of_a_loan_is_not_taken(said: str) -> None:
    assert asked(said) == ("lender_number", ())


def test_a_long_story_is_no_name() -> None:
    assert asked("koperasi " + "maju " * 20) == ("lender_too_long", ())
    assert read("k" * AT_MOST) == {"id": "", "name": "k" * AT_MOST}


@pytest.mark.parametrize("said", ["bu haji", "pak Udin", "bank keliling", "rentenir", "a friend"])
def test_a_private_person_is_known_as_one(said: str) -> None:
    assert is_private(said)


@pytest.mark.parametrize("said", ["BRI", "koperasi keluarga sejahtera", "Bank Permata", "Kredivo"])
def test_a_company_is_no_private_person(said: str) -> None:
    assert not is_private(said)


def test_words_tell_the_kind() -> None:
    assert told_kind("KSP Maju") == "cooperative"
    assert told_kind("bank perkreditan rakyat Danagung") == "bpr"
    assert told_kind("BRI") == ""


def _row(lender_id: str, kind: str, name: str, *aliases: str) -> LenderRow:
    return LenderRow(lender_id, kind, name, aliases, "ojk", f"Pimpinan {name}", False, "", "", None)


def test_of_two_with_one_name_the_kind_that_was_chosen_is_meant() -> None:
    rows = [
        _row("mandiri", "bank", "Bank Mandiri", "mandiri"),
        _row("bpr-mandiri", "bpr", "BPR Mandiri Tebet", "mandiri", "bpr mandiri"),
    ]
    lenders = register(rows, date(2026, 11, 28))
    assert asked("mandiri", "", lenders)[1] == ("mandiri", "bpr-mandiri", "as-typed")
    assert read("mandiri", "bpr", lenders) == {"id": "bpr-mandiri", "name": "BPR Mandiri Tebet"}
    assert read("bpr mandiri", "", lenders) == {"id": "bpr-mandiri", "name": "BPR Mandiri Tebet"}


def test_without_a_register_every_name_is_kept() -> None:
    assert read("BRI unit Cipulir", "bank", Lenders()) == {"id": "", "name": "BRI unit Cipulir"}
