"""The provider fails, repeats itself and confuses the order: nothing is lost, nobody mixed up."""

from __future__ import annotations

import random
import re
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain

import pytest

from tests.faults.conftest import Stages
from tests.faults.owners import BEFORE_PHOTO, Owner, plain
from tests.faults.stage import Stage, until
from tests.providers.bot_api import CLOSE, HANG, broken, too_many
from tests.wire import Passage

#: What may be said at any point of a case, and changes nothing.
ASIDES = ("bantuan", "status", "berapa biayanya?", "terima kasih", "ini resmi?")


@dataclass(slots=True)
class Trouble:
    """Owners to each of whom the provider fails in its own way, all at the same time."""

    stage: Stage
    owners: dict[str, list[Owner]]
    walks: dict[str, list[Future[None]]]

    def balance(self, kind: str, *, doubled: int = 0) -> None:
        """Wait for those to whom it fails in this way, and see that they heard all."""
        for walk in self.walks[kind]:
            walk.result()
        self.stage.balance(self.owners[kind], doubled=doubled)


FAILURES = {
    "asks to wait": (too_many(1), too_many(2)),
    "is broken": (broken(), broken(502)),
    "hangs up": (CLOSE,),
    "never answers": (HANG,),
}


@pytest.fixture(scope="module")
def trouble(_stages: Stages) -> Trouble:
    """Some of these pauses are long, so that nobody waits for somebody else's."""
    stage = _stages.get()
    stage.calm()
    owners = {kind: stage.owners(2) for kind in FAILURES}
    walks = {}
    for kind, group in owners.items():
        for owner in group:
            stage.telegram.fail(*FAILURES[kind], chat=owner.person.id)
        walks[kind] = [owner.walk(BEFORE_PHOTO) for owner in group]
    for walk in chain(*walks.values()):
        walk.exception()
    stage.balanced = True
    return Trouble(stage, owners, walks)


def test_a_provider_that_asks_to_wait_gets_every_message_once(trouble: Trouble) -> None:
    trouble.balance("asks to wait")


def test_a_broken_provider_gets_every_message_once_it_is_well(trouble: Trouble) -> None:
    trouble.balance("is broken")


def test_a_provider_that_hangs_up_after_accepting_gets_only_that_message_again(
    trouble: Trouble,
) -> None:
    trouble.balance("hangs up", doubled=2)


def test_a_provider_that_never_answers_gets_only_that_message_again(trouble: Trouble) -> None:
    trouble.balance("never answers", doubled=2)


def test_a_slow_send_keeps_nobody_else_waiting(stage: Stage) -> None:
    slow, *others = stage.owners(4)
    before = len(slow.person.bubbles)

    def to_the_slow_one(passage: Passage) -> bool:
        return bool(re.search(rf"chat_id\W+{slow.person.id}\b", passage.words))

    with stage.to_telegram.hold(to_the_slow_one) as hold:
        slow.act()
        hold.wait()
        stage.finish(others)
        assert len(slow.person.bubbles) == before
        hold.release()
    stage.finish([slow])
    stage.balance([slow, *others])


def test_updates_that_come_up_to_five_times_at_once_to_two_processes_are_taken_once(
    stage: Stage,
) -> None:
    stage.product.start("serve:2")
    stage.telegram.doors += [stage.product.url_of(name) for name in ("serve", "serve:2")]
    chance = random.Random(5)
    stage.telegram.copies = lambda: chance.randint(1, 5)
    owners = stage.owners(6, step=1)
    stage.finish(owners)
    stage.balance(owners)


def test_updates_of_one_chat_that_overtake_each_other_are_each_answered_once(stage: Stage) -> None:
    first, *owners = stage.owners(5, step=BEFORE_PHOTO - 1)
    answers: list[str] = []
    for words in ASIDES:
        before = len(first.said)
        first.person.say(words).result()
        until(lambda: len(first.said) > before, "the answer")  # noqa: B023
        answers.append(plain(first.said[-1].text))
    first.asides[first.step] = answers

    stage.product.start("serve:2")
    stage.telegram.doors += [stage.product.url_of(name) for name in ("serve", "serve:2")]
    stage.telegram.disorder = random.Random(6)
    for owner in owners:
        for words in ASIDES:
            owner.person.say(words)
    for owner in owners:
        before = len(answers) + sum(map(len, stage.golden.heard[: owner.step]))
        until(lambda: len(owner.said) >= before, "all answers")  # noqa: B023
        owner.asides[owner.step] = [plain(one.text) for one in owner.said[-len(answers) :]]
        assert sorted(owner.asides[owner.step]) == sorted(answers)
    orders = {tuple(owner.asides[owner.step]) for owner in owners}
    assert len(orders) > 1, "nothing was overtaken"
    stage.telegram.disorder = None
    stage.finish([first, *owners])
    stage.balance([first, *owners])
