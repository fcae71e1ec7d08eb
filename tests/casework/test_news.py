"""News for supervisors: somebody hears it, or it is counted that nobody could."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from casework.act import by_office
from casework.news import tell_supervisors
from conversations.events import News
from conversations.messages import Say
from models import audit, watch
from models.audit import AuditEntry
from tests.world import news, staff

HERE = "31.74.07.1001"


def test_news_that_nobody_could_be_told_is_counted(city: Engine, tx: Session) -> None:
    by_office(tx, "worker", "1").tell_supervisors(
        HERE, News.WINDOW_MISSED, 81, Say("notices.window_missed")
    )
    for _ in "ab":
        tell_supervisors(tx, None, News.TURN_SET_ASIDE, 5, fact="turn_set_aside:5")
    tx.commit()
    rows = tx.scalars(select(AuditEntry).where(AuditEntry.action == audit.UNTOLD)).all()
    assert [(row.details["fact"], row.details["area"]) for row in rows] == [
        ("window_missed:81", HERE),
        *[("turn_set_aside:5", None)] * 2,
    ]
    assert watch.untold(tx) == 2


@pytest.mark.parametrize("role", ["supervisor", "head"])
def test_news_that_somebody_hears_is_not_counted(city: Engine, tx: Session, role: str) -> None:
    somebody = staff(tx, "S1", role=role, areas=("31.71",))  # type: ignore[arg-type]
    act = by_office(tx, "worker", "1")
    for _ in "ab":  # the same cause: told once
        act.tell_supervisors(HERE, News.WINDOW_MISSED, 81, Say("notices.window_missed"))
    tx.commit()
    assert news(tx, somebody.person_id) == [("window_missed", ["notices.window_missed"], "")]
    assert watch.untold(tx) == 0
