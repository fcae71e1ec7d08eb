"""A flood is somebody else's: people in a conversation are answered before and beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bot.town import words
from tests.faults.owners import BEFORE_PHOTO
from tests.faults.stage import Stage, until

RECEIVED = words("common.all_received")
STRANGERS = 200
FLOOD = 120


@pytest.fixture
def slow(stage: Stage) -> Iterator[Stage]:
    """The account may send five messages a second."""
    stage.product.environment["TELEGRAM_RATE"] = "5"
    stage.product.stop("serve")
    stage.product.start("serve")
    yield stage
    del stage.product.environment["TELEGRAM_RATE"]


def test_people_in_a_conversation_are_answered_before_a_wave_of_first_greetings(
    slow: Stage,
) -> None:
    owners = slow.owners(3, step=3)
    strangers = [slow.newcomer().person for _ in range(STRANGERS)]
    for taken in [stranger.say("halo") for stranger in strangers]:
        taken.result()
    slow.finish(owners, 6)
    greeted = [stranger for stranger in strangers if stranger.bubbles]
    assert len(greeted) < STRANGERS, "three answers each came before the last greeting"
    slow.product.environment["TELEGRAM_RATE"] = "30"
    slow.product.stop("serve")
    slow.product.start("serve")
    slow.finish(owners)
    until(lambda: all(stranger.bubbles for stranger in strangers), "all to be greeted")
    slow.balance(owners)


@pytest.mark.parametrize("said", ["menu", "asdf qwerty uiop zxcv", "bantuan"])
def test_a_flood_into_one_chat_is_taken_whole_and_answered_by_few(stage: Stage, said: str) -> None:
    flooder, *neighbours = stage.owners(4, step=3)
    before = len(flooder.person.bubbles)
    flood = [flooder.person.say(said) for _ in range(FLOOD)]
    stage.finish(neighbours, BEFORE_PHOTO)
    for taken in flood:
        taken.result()
    stage.balance(neighbours)
    answers = [bubble.text for bubble in flooder.person.bubbles[before:]]
    assert len(answers) < FLOOD, "a burst, one a second, and one for all that is left"
    assert any(answer.startswith(RECEIVED) for answer in answers)
