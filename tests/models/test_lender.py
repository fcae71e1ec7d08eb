"""The register of lenders: the shipped file, and what is wrong with a file by line."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from casework.lenders import register
from models.reference.lender import COLUMNS, BadLenders, LenderRow, read, shipped, written

TODAY = date(2026, 11, 28)
HEADER = ",".join(COLUMNS)
BPR = 'bpr-a,bpr,BPR A,aa|"b",ojk,Direksi BPR A,yes,(021) 5551234,https://bpr-a.example,2026-11-01'


def test_the_shipped_lenders_are_told_without_a_number() -> None:
    assert {row.id for row in shipped()} >= {"bank-jakarta", "bri", "pnm", "pegadaian"}
    assert not any(row.phone or row.on_board for row in shipped())
    assert all(row.source_url for row in shipped() if row.checked_on)


def test_what_is_written_is_read_again() -> None:
    assert read(written(shipped()), TODAY) == shipped()


def test_a_file_of_a_spreadsheet_is_read() -> None:
    lines = [HEADER, BPR]
    text = "\ufeff" + "\r\n".join(line.replace(",", ";") for line in lines) + "\r\n;;;;;;;;;\r\n"
    (row,) = read(text, TODAY)
    assert (row.name, row.aliases, row.on_board) == ("BPR A", ("aa", '"b"'), True)


@pytest.mark.parametrize(("days", "told"), [(0, True), (180, True), (181, False)])
def test_a_number_is_told_for_180_days(days: int, told: bool) -> None:
    checked = TODAY - timedelta(days=days)
    row = LenderRow("a", "bpr", "BPR A", (), "ojk", "Direksi", False, "1500", "", checked)
    (lender,) = register([row], TODAY)
    assert lender.phone == ("1500" if told else "")


def test_a_number_that_nobody_checked_is_not_told() -> None:
    row = LenderRow("a", "bpr", "BPR A", (), "ojk", "Direksi", False, "1500", "", None)
    (lender,) = register([row], TODAY)
    assert lender.phone == ""


def test_all_problems_are_named_by_their_lines() -> None:
    text = "\n".join(
        [
            HEADER,
            BPR,
            BPR,
            "",
            "Bu Haji,private,B,,none,x,perhaps,phone,http://a,2027-01-01",
            "short,bank",
            "late,bank,Bank,,ojk,Direksi,no,,,2026-11-02",
            "day,bank,Bank,,ojk,Direksi,no,,https://a.example,1/11/2026",
        ]
    )
    with pytest.raises(BadLenders) as bad:
        read(text, TODAY)
    first, *problems = str(bad.value).split("\n")
    assert first == "The file of lenders is not right:"
    assert [one.partition(":")[0] for one in problems] == [f"line {n}" for n in (3, 5, 6, 7, 8)]
    assert "'bpr-a' stands there already" in problems[0]
    for column in ("id", "kind", "name", "supervised_by", "address_to", "on_board", "phone"):
        assert f"{column}:" in problems[1]
    assert "still to come" in problems[1]
    assert "source_url is missing" in problems[3]
    assert "'1/11/2026' is no day" in problems[4]


@pytest.mark.parametrize("text", ["", "id,kind\n", HEADER + ',x\n"'])
def test_a_file_without_the_columns_is_refused(text: str) -> None:
    with pytest.raises(BadLenders, match="must name the columns"):
        read(text, TODAY)
