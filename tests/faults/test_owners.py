"""What owners hear are messages, in as many bubbles as each takes."""

from __future__ import annotations

from itertools import count

import pytest

from tests.faults.owners import Golden, Owner
from tests.providers.bot_api import Bubble, Button, FakeBotApi

WORDS = {"c": "Baik.", "C": "Baik, di Cipete.", "q": "Yang mana?", "w": "Siapa nama?"}
OWED = [WORDS["w"], f"{WORDS['c']}\n{WORDS['q']}"]  # two messages: one bubble, then two

#: The bubbles that came, and how many messages came twice.
HEARD = {
    "wcq": 0,
    "wwcq": 1,
    "wcqcq": 1,
    "wccq": 1,
    "wcccq": 2,
    "wcqc": 1,
    "wcqccq": 2,
    "wwccqcq": 3,
}
LOST = ("w", "wc", "wCcq", "wcqC", "wCq", "cq", "cqw", "wq", "cwq")


def owner_of(came: str) -> Owner:
    owner = Owner(FakeBotApi(), 1001, Golden([[text] for text in OWED]))
    owner.step, number = len(OWED), count(101)
    for one in came:
        buttons = ((Button("Ini", "1"),),) if one == "q" else ()
        bubble = Bubble(next(number), WORDS[one], buttons, clears=one in "cC")
        owner.person.bubbles.append(bubble)
    return owner


@pytest.mark.parametrize("came", HEARD)
def test_a_message_that_came_again_counts_as_doubled_if_only_in_part(came: str) -> None:
    owner = owner_of(came)
    owner.check()
    assert [one.text for one in owner.said] == OWED
    assert len(owner.doubled) == HEARD[came]


@pytest.mark.parametrize("came", LOST)
def test_a_message_that_is_broken_off_strange_or_out_of_order_is_found(came: str) -> None:
    with pytest.raises(AssertionError):
        owner_of(came).check()
