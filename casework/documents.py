"""Acts on a permit: issue it, send it again, revoke it, show it to whoever checks its number."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from casework.act import Act
from conversations.messages import Message, Say, Value
from models import check, permit, task
from models.base import WIB
from models.case import Case
from models.encryption import readable
from models.permit import Permit


def issue(act: Act, case: Case, kind: str) -> str:
    """Issue the permit of a (locked) case and have it typeset; gives its number."""
    issued = permit.issue(
        act.tx,
        case_id=case.id,
        person_id=case.person_id,
        kota_code=".".join((case.area_code or "").split(".")[:2]),
        issued_on=day(act.at),
    )
    act.note("permit.issued", f"permit:{issued.id}")
    task.plan(act.tx, "permit", issued.id, f"permit:{issued.id}")
    return issued.number


def revoke(act: Act, row: Permit, reason: str) -> None:
    """Revoke a (locked) permit and tell its owner why; for operators.

    Raises:
        NotAllowed: a person acts.
    """
    act.must_be_office()
    at = permit.revoke(act.tx, row, reason=reason, actor=act.actor)
    params: dict[str, Value] = {"number": row.number, "on": day(at), "reason": reason}
    act.tell(row.person_id, "permit_revoked", row.id, Say("notices.permit_taken_back", params))


def send_again(act: Act, case_id: int) -> None:
    """Send the permit of one's own case again, or say why it can't be."""
    case = act.my_case(case_id)
    found = act.tx.scalars(select(Permit).where(Permit.case_id == case.id)).one_or_none()
    if found is not None and found.revoked_at is not None:
        act.reply(
            "notices.permit_taken_back",
            number=found.number,
            on=day(found.revoked_at),
            reason=found.revoked_because or "-",
        )
        return
    if found is None or found.path is None:
        act.reply("notices.permit_soon")
        return
    words = Say("notices.permit_again", {"number": found.number})
    act.enqueue(Message((words,), document=found.path, filename=f"{found.number}.pdf"))
    act.note("permit.sent_again", f"permit:{found.id}")


def show(act: Act, number: str) -> None:
    """Say to anybody whether a permit is valid, as often as anybody may check numbers."""
    if not may_check(act):
        return
    found = permit.by_number(act.tx, number)
    if found is None:
        act.reply("notices.permit_unknown", number=number)
        return
    case = act.tx.get_one(Case, found.case_id)
    answers = readable(case.answers) or {}
    params: dict[str, Value] = {
        "number": found.number,
        "holder": permit.masked(str(answers.get("owner_name", "-"))),
        "until": found.valid_until,
    }
    if found.revoked_at is not None:
        act.reply("notices.permit_revoked", on=day(found.revoked_at), **params)
    elif found.valid_until < day(act.at):
        act.reply("notices.permit_expired", **params)
    else:
        act.reply("notices.permit_valid", **params)


def may_check(act: Act) -> bool:
    """Count one check of a number; after too many, say so instead of answering."""
    person_id = act.who().id
    unwritten = [n for n in act.ledger.noted() if (n.actor, n.action) == (act.actor, check.CHECKED)]
    if check.lately(act.tx, person_id) + len(unwritten) >= check.MOST:
        act.reply("notices.checks_too_often", minutes=int(check.WITHIN.total_seconds() // 60))
        return False
    act.note(check.CHECKED, act.actor)
    return True


def day(at: datetime) -> date:
    """The day it is in Jakarta."""
    return at.astimezone(WIB).date()
