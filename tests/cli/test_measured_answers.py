"""`izin measure`: answers and owners' words, scored against labels."""

from __future__ import annotations

import pytest

from cli.measure import trades, utterances
from cli.measure.scored import Scored


def played(kind: str, said: str, expected: str, on: str = "2026-11-23") -> Scored:
    """One row of `utterances`, played."""
    row = {"type": kind, "input": said, "expected": expected, "reference_date": on}
    (scored,) = utterances.play([row])
    return scored


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("money", "5jt sebulan", "5000000|month"),
        ("money", "2-3jt", "2000000-3000000"),
        ("money", "kurang dari 1 juta", "<=1000000"),
        ("money", "minus 5 juta sebulan", "5000000|month"),  # "is it 5 juta?"
        ("money", "1.5", "AMBIGUOUS:1500000;1500"),
        ("money", "lumayan", "NONE"),
        ("date", "weekend", "2026-11-28;2026-11-29"),
        ("date", "tgl 20 november", "PAST:2026-11-20"),
        ("date", "jangan jumat", "NOT:2026-11-27"),
        ("date", "secepatnya", "ASAP"),
        ("time", "jam 2", "14:00"),
        ("time", "diatas jam 4 sore", ">=16:00"),
        ("time", "jam 25", "INVALID"),
        ("phone", "0812-3456-7890", "+6281234567890"),
        ("rt_rw", "gak tau", "NONE"),
        ("area", "pulo gadung", "AMBIGUOUS:31.75.02.1001;31.75.02"),
        ("area", "kec tebet", "31.74.01"),
        ("area", "bekasi", "OUTSIDE"),
        ("intent", "batalin", "CANCEL"),
    ],
)
def test_an_answer_that_is_understood_is_right(kind: str, said: str, expected: str) -> None:
    assert played(kind, said, expected).right


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        ("money", "5jt sebulan", "5000000"),
        ("money", "1.5", "AMBIGUOUS:15;1500"),
        ("money", "1.5", "1500"),
        ("date", "besok", "2026-11-25"),
        ("date", "besok", "PAST:2026-11-24"),
        ("time", "jam 2", "09:00"),
        ("time", "kapan aja", "14:00"),
        ("area", "pulo gadung", "31.75.02.1001;31.75.02"),
        ("intent", "batalin", "BACK"),
    ],
)
def test_an_answer_that_is_understood_otherwise_is_wrong(
    kind: str, said: str, expected: str
) -> None:
    assert not played(kind, said, expected).right


@pytest.mark.parametrize(
    ("kind", "expected", "on"),
    [("colour", "red", ""), ("date", "2026-13-01", ""), ("date", "2026-11-24", "today")],
)
def test_a_row_that_cannot_be_read_is_refused(kind: str, expected: str, on: str) -> None:
    with pytest.raises(utterances.UnreadableRow):
        played(kind, "besok", expected, on)


def test_a_trade_is_scored_by_its_first_offer_and_by_all_three() -> None:
    known = {"phrase": "bakso keliling", "kbli_code": "00000|56102"}
    unknown = {"phrase": "xx", "kbli_code": "56102"}
    scored = [(one.kind, one.right) for one in trades.play([known, unknown])]
    assert scored == [("first", True), ("in three", True), ("first", False), ("in three", False)]
