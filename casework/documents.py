"""Acts on a document: issue it, send it again, revoke it, and check its number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import applicants, lenders
from casework.act import Act
from casework.news import worded
from conversations import paper, services
from conversations.events import News
from conversations.masking import masked
from conversations.messages import Message, Say, Value
from conversations.service import Waiting
from models import check, document, identity, person, task
from models.case import Case
from models.document import Document
from models.infrastructure.encryption import readable
from models.infrastructure.quotas import CHECKS
from models.infrastructure.wib import WIB
from models.lifecycle import NotAllowed
from models.officer import may_supervise


def issue(act: Act, case: Case, kind_id: str) -> str:
    """Issue a (locked) case's document of a kind, plan its typesetting and return its number."""
    kind = services.load().kind(kind_id)
    kota = ".".join((case.area_code or "").split(".")[:2])
    issued = document.issue(
        act.tx,
        kind=kind.id,
        prefix=kind.prefix,
        area=kota if kind.per_area else "",
        case_id=case.id,
        person_id=case.person_id,
        issued_on=day(act.at),
        valid_years=kind.valid_years,
    )
    act.note("document.issued", f"document:{issued.id}")
    task.plan(act.tx, "document", issued.id, f"document:{issued.id}")
    return issued.number


def revoke(act: Act, row: Document, reason: str) -> None:
    """Revoke a (locked) document and tell its holder why.

    Raises:
        NotAllowed: the person who acts does not supervise its area, or holds the document.
    """
    act.must_supervise(act.tx.get_one(Case, row.case_id).area_code)
    if act.is_of(row.person_id):
        raise NotAllowed(f"document {row.id} is {act.actor}'s own")
    at = document.revoke(act.tx, row, reason=reason, actor=act.actor)
    params: dict[str, Value] = {"number": row.number, "on": day(at), "reason": reason}
    say = Say(_worded("notices.document_taken_back", row.kind), params)
    act.tell(row.person_id, News.DOCUMENT_REVOKED, row.id, say)


def revoke_numbered(act: Act, number: str, reason: str) -> None:
    """Revoke the document with this number, and say so; if it is revoked already, say that."""
    row = document.by_number(act.tx, number, lock=True)
    if row is None:
        raise NotAllowed(f"{act.actor} names a document that does not exist")
    if row.revoked_at is not None:
        act.reply("supervising.revoked_before", number=row.number, day=day(row.revoked_at))
        return
    revoke(act, row, reason)
    act.reply("supervising.revoked", number=row.number)


def preview_revocation(act: Act, number: str, question: Message) -> None:
    """Show a document that is to be revoked, and ask; or say why it can't be."""
    act.supervisor()
    row = document.by_number(act.tx, number)
    if row is None:
        act.reply("supervising.no_such_document", number=number)
        return
    case = act.tx.get_one(Case, row.case_id)
    if act.is_of(row.person_id) or not may_supervise(act.tx, act.who().id, case.area_code):
        act.reply("supervising.document_elsewhere", number=row.number)
    elif row.revoked_at is not None:
        act.reply("supervising.revoked_before", number=row.number, day=day(row.revoked_at))
    else:
        params: dict[str, Value] = {
            "number": row.number,
            "holder": holder(act.tx, case) or "-",
            "until": row.valid_until or Say("common.no_end"),
        }
        shown = Say("supervising.document", params)
        act.enqueue(replace(question, parts=(shown, *question.parts)))


def send_again(act: Act, case_id: int) -> None:
    """Send the newest document of the person's own case again, or say why it can't be sent."""
    case = act.my_case(case_id)
    of = select(Document).where(Document.case_id == case.id).order_by(Document.id.desc())
    found = act.tx.scalars(of).first()
    if found is None:
        act.reply(worded("notices.document_soon", case.service))
        return
    if found.revoked_at is not None:
        act.reply(
            _worded("notices.document_taken_back", found.kind),
            number=found.number,
            on=day(found.revoked_at),
            reason=found.revoked_because or "-",
        )
        return
    if found.path is None:
        act.reply(_worded("notices.document_soon", found.kind))
        return
    words = Say(_worded("notices.document_again", found.kind), {"number": found.number})
    act.enqueue(Message((words,), document=found.path, filename=f"{found.number}.pdf"))
    act.note("document.sent_again", f"document:{found.id}")


def hand_to_officer(act: Act, case: Case, stage_id: str) -> None:
    """Send the officer who acts what is signed at a visit; nothing if nothing is."""
    service = services.load()[case.service]
    following = service.after(stage_id)
    if not isinstance(following, Waiting) or not following.signed:
        return
    of = select(Document).where(Document.case_id == case.id, Document.path.is_not(None))
    found = act.tx.scalars(of.order_by(Document.id.desc())).first()
    if found is None or found.path is None:
        return
    words = Say(f"{service.id}.{stage_id}.sheet", {"number": found.number})
    copy = document.to_sign(found.path)
    act.enqueue(Message((words,), document=copy, filename=f"{found.number}.pdf"))
    act.note("document.handed_to_officer", f"document:{found.id}")


def show(act: Act, number: str) -> None:
    """Say whether a document is valid; anybody may ask, within the quota of checks."""
    if not may_check(act):
        return
    found = document.by_number(act.tx, number)
    if found is None:
        kind = services.load().numbered(number)
        act.reply(_worded("notices.document_unknown", kind.id), number=number)
        return
    case = act.tx.get_one(Case, found.case_id)
    params: dict[str, Value] = {
        "number": found.number,
        "issued": found.issued_on,
        "until": found.valid_until or Say("common.no_end"),
    }
    if services.load().kind(found.kind).named:
        params["holder"] = masked(holder(act.tx, case) or "-")
    if found.revoked_at is not None:
        act.reply(
            _worded("notices.document_revoked", found.kind), on=day(found.revoked_at), **params
        )
    elif found.valid_until is not None and found.valid_until < day(act.at):
        act.reply(_worded("notices.document_expired", found.kind), **params)
    else:
        act.reply(_worded("notices.document_valid", found.kind), **params)


def may_check(act: Act) -> bool:
    """Count one check of a number; over the quota, say so and return False."""
    person_id = act.who().id
    unwritten = [n for n in act.ledger.noted() if (n.actor, n.action) == (act.actor, check.CHECKED)]
    if check.lately(act.tx, person_id) + len(unwritten) >= CHECKS.at_most:
        act.reply("notices.checks_too_often", minutes=int(CHECKS.within.total_seconds() // 60))
        return False
    act.note(check.CHECKED, act.actor)
    return True


def holder(tx: Session, case: Case) -> str:
    """Return the name on a case's documents: from the KTP, else as it was told; "" if erased."""
    applicant = applicants.of(tx, case)
    known = identity.of_people(tx, [applicant]).get(applicant)
    return paper.holder(readable(known.name) if known else None, called(tx, case))


def called(tx: Session, case: Case) -> str:
    """Return the applicant's name as they told it, in the form or before; "" if they told none."""
    typed = services.load()[case.service].holder(readable(case.answers) or {})
    return typed or person.names_of(tx, [case.person_id]).get(case.person_id, "")


def printed(tx: Session, case: Case) -> tuple[Say, ...]:
    """Return what will be printed on the document that a case's stage issues; () if nothing is."""
    service, answers = services.load()[case.service], readable(case.answers) or {}
    city = lenders.known(tx)
    return paper.printed_at(service, case.stage, holder(tx, case), answers, city)


def day(at: datetime) -> date:
    """Return the date in Jakarta."""
    return at.astimezone(WIB).date()


def _worded(key: str, kind_id: str) -> str:
    """Return the key of a notice in the wording of the service that issues this kind."""
    return worded(key, services.load().issuing(kind_id).id)
