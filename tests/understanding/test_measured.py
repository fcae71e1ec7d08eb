"""Labelled lines are understood on the real engine, at least as often as they are today."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import main
from cli.measure import share, situations

HERE = Path(__file__).parent
#: The share of each file that must be understood. Nobody opens `unseen.csv` while working on
#: the words: it tells how other people's lines fare. `credit.csv` is about letters to lenders.
FLOORS = {"situations.csv": 0.97, "credit.csv": 0.97, "unseen.csv": 0.9}


def rows(name: str) -> Iterator[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@pytest.mark.parametrize("name", FLOORS)
def test_situations_are_understood(name: str) -> None:
    scored = list(situations.play(rows(name)))
    right = sum(one.right for one in scored) / len(scored)
    assert right >= FLOORS[name], f"{name}: {share(scored)}"


@pytest.mark.parametrize(
    ("name", "least"), [("situations.csv", 600), ("credit.csv", 200), ("unseen.csv", 200)]
)
def test_a_file_holds_enough_and_nothing_twice(name: str, least: int) -> None:
    lines = [(row["situation"], row["input"]) for row in rows(name)]
    assert len(lines) >= least and len({*lines}) == len(lines)


def test_the_command_prints_the_share_and_what_was_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(
        "situation,input,expected\n"
        "premises,gerobak dorong,mobile\n"
        "premises,di rumah,mobile\n"
        "owner_name,kamu siapa?,not_a_name\n"
        "of another kind,halo,anything\n",
        encoding="utf-8",
    )
    assert main(["measure", "situations", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "premises: 50% (1 of 2)",
        "owner_name: 100% (1 of 1)",
        "of another kind: 0% (0 of 1)",
    ]
    assert "missed premises: 'di rumah': expected mobile, got home" in lines
    assert lines[-1] == "situations: 50% (2 of 4)"


@pytest.mark.parametrize("content", [None, "situation,said\npremises,gerobak\n"])
def test_a_file_that_can_not_be_measured_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / "lines.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert main(["measure", "situations", str(file)]) == 1
    assert "lines.csv" in capsys.readouterr().err
