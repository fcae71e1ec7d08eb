"""A place whose owner wants no help: a day later nothing of it can be read."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Update, select, update

from conversations.events import Located
from models.case import Case
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState
from models.participant import Participant
from models.referrals import QuietPlace, tidy
from models.task import Task
from tests import held
from tests.bot.test_referrals import PIN, arrived, compared, referrals, tell, visits
from tests.bot.town import OFFICER, Town, words
from tests.clock import now

#: (who, what they sell in the teller's words, the landmark in the teller's words)
TOLD = (
    ("n1", "jual nasi uduk pakai gerobak biru", "depan musala Al-Ikhlas RT 5 RW 3"),
    ("n2", "nasi uduk Mpok Ati", "dekat musola al ikhlas, rt 005/003"),
    ("n3", "dagang nasi uduk pagi-pagi", "sebelah musala Al Ikhlas"),
)
THEIRS = (
    "nasi uduk", "mpok ati", "gerobak biru", "ikhlas", "musala", "musola", "005/003", "rt 5",
    "106.802", "-6.2706",
)  # fmt: skip


async def refused(town: Town) -> None:
    """Three tell of one place, and its owner wants no help."""
    await town.staff(OFFICER, "101")
    for number, (who, trade, landmark) in enumerate(TOLD):
        pin = Located(PIN.lat + number * 0.0001, PIN.lon)
        await tell(town, who, trade=trade, place=pin, landmark=landmark)
    await arrived(town)
    await town.tap("not_wanted", OFFICER)
    await town.tap("eviction", OFFICER)
    await town.tap("yes", OFFICER, step="leaving")


async def a_day_passes(town: Town) -> None:
    """Let the workers do what is due within a day."""
    for _ in range(3):
        town.write(lambda tx: tx.execute(_due()))
        await town.work()
    await town.quiet()


def _due() -> Update:
    return update(Task).where(Task.kind == "erase").values(due_at=now())


async def test_nothing_of_a_refused_place_can_be_read_a_day_later(town: Town) -> None:
    await refused(town)
    before = {place for place, text in held.in_tables(town.engine) if _names(text)}
    assert "cases.answers" in before and "visits.site" in before
    await a_day_passes(town)
    found = [(place, _names(text)) for place, text in held.in_tables(town.engine) if _names(text)]
    assert not found
    assert town.read(lambda tx: tx.scalars(select(QuietPlace)).all())


async def test_a_refused_place_is_not_visited_again_and_the_teller_hears_thanks(town: Town) -> None:
    await refused(town)
    await a_day_passes(town)
    said = await tell(town, "n6", trade="jualan nasi uduk", landmark="musala al ikhlas rt 5 rw 3")
    assert words("referral.submitted") in said
    await compared(town)
    assert referrals(town)[-1].state == CaseState.CANCELLED
    assert len(visits(town)) == 1
    await a_day_passes(town)
    assert not [place for place, text in held.in_tables(town.engine) if _names(text)]


async def test_what_was_told_of_a_place_is_kept_for_thirty_days(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town, "n1", trade=TOLD[0][1], landmark=TOLD[0][2])
    await arrived(town)
    await town.tap("has_permit", OFFICER)
    await town.tap("none", OFFICER)
    await town.tap("yes", OFFICER, step="leaving")
    (case,) = referrals(town)
    assert case.state == CaseState.DONE and readable(case.answers)
    ids = ["referral"]
    town.write(lambda tx: tidy(tx, ids))
    assert readable(referrals(town)[0].answers)
    town.change(Case, case.id, moved_at=now() - timedelta(days=31))
    town.write(lambda tx: tidy(tx, ids))
    assert readable(referrals(town)[0].answers) == {}
    assert not town.read(lambda tx: tx.scalars(select(Participant)).all())


def _names(text: str) -> list[str]:
    return [one for one in THEIRS if one in text.lower()]
