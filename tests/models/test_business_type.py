"""Kinds of business: what owners type, and what it should lead to."""

import csv
import re
from pathlib import Path
from time import perf_counter

import pytest

from models.reference.business_type import MAX_LABEL, MAX_SHORT_LABEL, BusinessTypes, load

PHRASES = Path(__file__).with_name("business_phrases.csv")  # ours; codes joined by "|" all fit
TOP_1, TOP_3 = 0.95, 0.98  # floors on PHRASES
TOP_3_MISSPELT = 0.95
FAST = 0.002  # seconds a search, median


@pytest.fixture(scope="module")
def types() -> BusinessTypes:
    return load()


@pytest.fixture(scope="module")
def phrases() -> list[tuple[str, set[str]]]:
    with PHRASES.open(newline="", encoding="utf-8") as file:
        return [(row["phrase"], set(row["codes"].split("|"))) for row in csv.DictReader(file)]


def codes(types: BusinessTypes, text: str, limit: int = 3) -> list[str]:
    return [kind.code for kind in types.search(text, limit=limit)]


def test_owners_words_lead_to_their_trade(
    types: BusinessTypes, phrases: list[tuple[str, set[str]]]
) -> None:
    first = [phrase for phrase, fit in phrases if not fit & set(codes(types, phrase, limit=1))]
    offered = [phrase for phrase, fit in phrases if not fit & set(codes(types, phrase))]
    assert 1 - len(first) / len(phrases) >= TOP_1, first
    assert 1 - len(offered) / len(phrases) >= TOP_3, offered


def test_a_letter_wrong_in_the_longest_word_is_forgiven(
    types: BusinessTypes, phrases: list[tuple[str, set[str]]]
) -> None:
    missed = [
        wrong
        for phrase, fit in phrases
        for wrong in misspellings(phrase)
        if not fit & set(codes(types, wrong))
    ]
    assert 1 - len(missed) / (3 * len(phrases)) >= TOP_3_MISSPELT, missed


def misspellings(phrase: str) -> list[str]:
    """The longest word with its middle letter lost, doubled, and changed places."""
    word = max(phrase.split(), key=len)
    at = len(word) // 2
    wrong = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
    )
    return [phrase.replace(word, other, 1) for other in wrong]


def test_place_and_way_decide_between_trades_in_the_same_goods(types: BusinessTypes) -> None:
    assert codes(types, "bakso keliling")[0] == "56102"
    assert codes(types, "bakso di ruko")[0] == "56101"
    assert codes(types, "jual tempe")[0] == "47244"
    assert codes(types, "bikin tempe")[0] == "10307"
    assert codes(types, "jual hp")[0] == "47404"
    assert codes(types, "jual hp bekas")[0] == "47744"
    assert codes(types, "servis hp")[0] == "95102"
    assert codes(types, "ternak lele")[0] == "03221"
    assert codes(types, "sewa kebaya")[0] == "77299"
    assert codes(types, "jahit kebaya")[0] == "14120"
    assert codes(types, "kursus menjahit")[0] == "85597"


@pytest.mark.parametrize(
    ("loose", "plain"),
    [
        ("BAKSOOOO!!! 🍜", "bakso"),
        ("kue2 basah", "kue kue basah"),
        ("mieayam", "mie ayam"),
        ("foto copy", "fotokopi"),
        ("nyewain kebaya", "sewa kebaya"),
        ("saya jual nasi uduk pagi2 pak", "nasi uduk"),
    ],
)
def test_spelling_does_not_matter(types: BusinessTypes, loose: str, plain: str) -> None:
    assert codes(types, loose, limit=1) == codes(types, plain, limit=1) != []


@pytest.mark.parametrize(
    "text",
    ["", "halo", "apa saja", "selamat pagi pak", "saya tidak tahu", "ga tau", "dagang", "toko",
     "jualan di rumah", "besok jam 2", "Budi Santoso", "123", "👍", "serabutan", "asdfgh",
     "berapa biayanya", "terima kasih", "kapan petugas datang"],
)  # fmt: skip
def test_words_that_name_no_trade_find_none(types: BusinessTypes, text: str) -> None:
    assert types.search(text) == ()


@pytest.mark.slow
def test_the_same_words_always_find_the_same(types: BusinessTypes) -> None:
    load.cache_clear()
    again = load()
    for text in ("warung", "makanan", "jual nasi sama sembako", "minuman"):
        assert codes(types, text, limit=10) == codes(again, text, limit=10)


def test_a_search_takes_a_millisecond_or_two_and_a_flood_of_words_no_minute(
    types: BusinessTypes, phrases: list[tuple[str, set[str]]]
) -> None:
    times = []
    for phrase, _ in phrases:
        started = perf_counter()
        types.search(phrase)
        times.append(perf_counter() - started)
    assert sorted(times)[len(times) // 2] < FAST
    started = perf_counter()
    types.search("abcdefgh ijklmnop " * 5000)
    assert perf_counter() - started < 1


def test_labels_fit_and_differ(types: BusinessTypes) -> None:
    kinds = list(types)
    assert len(kinds) == 1559
    for kind in kinds:
        assert 0 < len(kind.label) <= MAX_LABEL, kind
        assert 0 < len(kind.label_en) <= MAX_LABEL, kind
        assert 0 < len(kind.short_label) <= MAX_SHORT_LABEL, kind
        assert 0 < len(kind.short_label_en) <= MAX_SHORT_LABEL, kind
        assert re.fullmatch(r"\d{5}", kind.code)
        assert kind.version == "2025"


def test_what_is_offered_together_can_be_told_apart(
    types: BusinessTypes, phrases: list[tuple[str, set[str]]]
) -> None:
    for phrase, _ in phrases:
        offered = types.search(phrase)
        assert len({kind.short_label for kind in offered}) == len(offered), phrase
        assert len({kind.short_label_en for kind in offered}) == len(offered), phrase


def test_risk_is_told_where_it_is_known(types: BusinessTypes) -> None:
    stall, refill, forecourt = types.get("56102"), types.get("11052"), types.get("47302")
    assert stall and refill and forecourt
    assert (stall.risk, stall.needs_verification) == ("MR", False)
    assert (refill.risk, refill.needs_verification) == ("MT", True)
    assert forecourt.needs_verification
    gas, bar = types.get("47772"), types.get("56301")
    assert gas and bar
    assert gas.risk is None  # depends on its scope
    assert not bar.open_to_micro
    assert types.get("00000") is None
