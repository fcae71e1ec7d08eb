"""Versions of the product are compared fairly: by their own scripts, with as many photos."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from benchmarks import against, declaration, trees
from benchmarks.results import Results
from benchmarks.script import SCRIPT, Script, Step
from benchmarks.speed import Plan

LONGER = Script((*SCRIPT, *[Step("say", "one more")] * 13))


def sent(script: Script, owners: int) -> Counter[str]:
    """What so many owners send, by kind."""
    kinds: Counter[str] = Counter()
    for owner in range(owners):
        step = 0
        while step < len(script.steps):
            kinds[script.steps[step].kind] += 1
            step = script.after(step, owner)
    return kinds


@pytest.mark.parametrize("share", [Fraction(1, 30), Fraction(1, 22), Fraction(1, 10)])
def test_photos_are_added_until_they_are_the_wanted_share_of_all_lines(share: Fraction) -> None:
    mixed = LONGER.with_photos(share)
    kinds = sent(mixed, mixed.share.denominator)
    assert Fraction(kinds["photo"], kinds.total()) == share


def test_a_script_that_has_the_share_stays_as_it_is() -> None:
    assert Script().with_photos(Script().photos) == Script()


@pytest.mark.parametrize(
    ("script", "share"), [(Script(), Fraction(1, 100)), (Script(SCRIPT[:3]), Fraction(1, 9))]
)
def test_photos_are_neither_taken_away_nor_invented(script: Script, share: Fraction) -> None:
    with pytest.raises(ValueError, match="photos"):
        script.with_photos(share)


def test_this_tree_declares_what_it_does() -> None:
    here = trees.here()
    assert here.script == Script() and here.folder == trees.ROOT
    assert declaration.declared()["serve"][-1] == "serve"


def test_the_ratio_is_of_rounds_and_the_spread_is_the_older_one_s_against_itself() -> None:
    found = Results()
    for before, now, again in ((100, 110, 100), (50, 60, 70), (100, 99, 80)):
        for system, value in (
            (against.BEFORE, before),
            (against.NOW, now),
            (against.AGAIN, again),
        ):
            found.add(system, "256 chats", {"messages_per_second": float(value)})
    line = against.table(found, Plan(3, (256,), (), 1)).splitlines()[-1]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "256 chats",
        "messages/s",
        "90",
        "99",
        "1.10",
        "0.80-1.40",
    ]
