"""The bot is killed at each point of a turn: what was heard is taken once, what is owed is sent.

Owners are in the middle of their cases and all write at once. The provider delivers again
whatever was not answered with 200.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.faults.owners import Owner, heard
from tests.faults.stage import Stage, sends, until
from tests.faults.statements import commit_of, committed, statement
from tests.wire import Passage

RECORDS = r"\bINSERT INTO inbox\b"  # a turn's first act
SETTLES = r"\boutbox\b.*\bsent_at\s*=|\bsent_at\s*=.*\boutbox\b"
COUNT = 4  # owners who write at once
BEFORE_COMMIT: dict[str, Callable[[Passage], bool]] = {
    "after it received": statement(RECORDS),
    "in the transaction": commit_of(RECORDS),
}


def recorded(stage: Stage, owners: Sequence[Owner]) -> int:
    """How many of the last messages the database knows."""
    last = sorted(stage.telegram.pushed)[-len(owners) :]
    numbers = [str(number) for number in last]
    query = "SELECT count(*) FROM inbox WHERE channel = 'telegram' AND provider_id = ANY(%s)"
    return int(stage.postgres.rows(query, numbers)[0][0])


@pytest.mark.parametrize("point", BEFORE_COMMIT)
def test_killed_before_commit_the_bot_takes_the_turns_when_they_come_again(
    stage: Stage, point: str
) -> None:
    owners = stage.owners(COUNT)
    with stage.postgres.wire.hold(BEFORE_COMMIT[point]) as hold:
        promises = [owner.act() for owner in owners]
        hold.wait()
        assert recorded(stage, owners) == 0
        stage.kill("serve", hold)
    assert not any(promise.done() for promise in promises)
    stage.product.start("serve")
    stage.finish(owners)
    stage.balance(owners)


def test_killed_after_commit_and_before_200_the_bot_takes_no_turn_twice(stage: Stage) -> None:
    owners = stage.owners(COUNT)
    with stage.postgres.wire.hold(committed(RECORDS)) as hold:
        promises = [owner.act() for owner in owners]
        hold.wait()
        until(lambda: recorded(stage, owners), "a turn to be committed")
        assert not any(promise.done() for promise in promises)
        stage.kill("serve", hold)
    stage.product.start("serve")
    stage.pass_time()
    stage.finish(owners)
    stage.balance(owners)


def test_killed_after_200_and_before_sending_the_bot_sends_what_it_owes(stage: Stage) -> None:
    owners = stage.owners(COUNT)
    before = heard(owners)
    with stage.to_telegram.hold(sends) as hold:
        for promise in [owner.act() for owner in owners]:
            promise.result()
        hold.wait()
        assert heard(owners) == before
        stage.kill("serve", hold)
    stage.product.start("serve")
    stage.pass_time()
    stage.finish(owners)
    stage.balance(owners)


def test_killed_after_sending_and_before_settling_the_bot_repeats_no_more_than_that(
    stage: Stage,
) -> None:
    owners = stage.owners(COUNT)
    before = heard(owners)
    with stage.postgres.wire.hold(statement(SETTLES)) as hold:
        for owner in owners:
            owner.act()
        hold.wait()
        until(lambda: heard(owners) > before, "a reply to arrive")
        stage.kill("serve", hold)
    unknown = stage.unsettled(owners)
    assert 1 <= unknown <= COUNT
    stage.product.start("serve")
    stage.pass_time()
    stage.finish(owners)
    stage.balance(owners, doubled=unknown)
