"""Acts of supervisors on what is stuck: a message that failed, a visit that nobody reported."""

from __future__ import annotations

from casework import visits
from casework.act import Act
from casework.news import window_of
from conversations.events import News
from conversations.messages import Say, Value
from models import aside, scope, visit
from models import case as cases
from models.aside import Kind, NotPossible
from models.inbox import InboxMessage
from models.lifecycle import NotAllowed, VisitState
from models.visit import Visit

#: States of a visit that its officer should have reported on.
IN_HAND = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED})


def retry(act: Act, row_id: int) -> None:
    """Process a person's set-aside message once more, as if it had just arrived."""
    if _whose(act, row_id) is None:
        return
    try:
        aside.retry(act.tx, Kind.TURN, row_id, actor=act.actor)
    except NotPossible:
        act.reply("set_aside.not_possible", number=row_id)
    else:
        act.reply("set_aside.retried", number=row_id)


def close(act: Act, row_id: int, words: str) -> None:
    """Close a set-aside message, and send a supervisor's words to the person who wrote it."""
    person_id = _whose(act, row_id)
    if person_id is None:
        return
    aside.close(act.tx, Kind.TURN, row_id, "closed by a supervisor", actor=act.actor)
    say = Say("notices.message_closed", {"words": " ".join(words.split())})
    act.tell(person_id, News.MESSAGE_CLOSED, row_id, say)
    act.reply("set_aside.closed", number=row_id)


def _whose(act: Act, row_id: int) -> int | None:
    """Return whose message it is; None, after a reply, if it does not wait any more.

    Raises:
        NotAllowed: no supervisor of that person's area acts, or it is their own.
    """
    me = act.supervisor()
    row = act.tx.get(InboxMessage, row_id, with_for_update=True)
    if row is None or row.set_aside_at is None or row.taken_at is not None:
        act.reply("set_aside.gone", number=row_id)
        return None
    mine = aside.turns_of(act.tx, scope.of(act.tx, me), but=act.who().id, only=row_id, limit=1)
    if not mine:
        raise NotAllowed(f"message {row_id} is not for {act.actor}")
    return row.person_id


def end_visit(act: Act, visit_id: int) -> None:
    """End a visit whose officer has not reported; its owner chooses another time."""
    act.supervisor()
    found = act.tx.get_one(Visit, visit_id)
    act.must_supervise(found.area_code)
    (case,) = cases.lock(act.tx, [found.case_id])
    (row,) = visit.lock(act.tx, [visit_id])
    number = {"number": case.number}
    if row.state not in IN_HAND:
        act.reply("lost_visit.gone", **number)
        return
    told = act.about(row)
    visits.give_window_up(act, case, row, "not_reported")
    params: dict[str, Value] = {**number, "window": window_of(row)}
    told.tell(row.host_id, News.WINDOW_PASSED, row.id, Say("notices.visit_given_up", params))
    act.reply("lost_visit.ended", **number)
