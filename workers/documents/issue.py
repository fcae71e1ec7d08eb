"""Issue: a permit just given is typeset, stored and owed to its owner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.act import by_office
from conversations import catalogue, messages
from conversations.messages import Message, Say
from models import area, business_type, identity
from models.base import WIB
from models.case import Case
from models.identity import Identity
from models.outbox import Owed, owe
from models.permit import Permit
from models.task import Task
from workers.context import ACTOR, Context, Settle
from workers.documents.render import PermitSheet, render

LOCALE = "id"  # a permit speaks Indonesian
UNKNOWN = "-"  # a kind of business that nobody has named


def prepare(context: Context, permit_id: int) -> Settle:
    """Typeset and store the permit, holding no lock; again is harmless: same sheet, same file.

    Raises:
        OSError: the file store is away.
    """
    with context.session() as tx:
        permit = tx.get_one(Permit, permit_id)
        path = f"permits/{permit.issued_on.year}/{permit.number}.pdf"
        sheet = _sheet(tx, permit, context)
    context.storage.write(path, render(sheet))
    return partial(_settle, path=path)


def _settle(tx: Session, task: Task, *, path: str) -> datetime | None:
    permit = tx.scalars(
        select(Permit).where(Permit.id == task.subject_id).with_for_update(key_share=True)
    ).one()
    permit.path = path
    if permit.revoked_at is not None:
        return None  # its owner was told that it is no longer valid
    message = Message(
        parts=(
            Say("notices.permit", {"number": permit.number, "valid_until": permit.valid_until}),
        ),
        document=path,
        filename=f"{permit.number}.pdf",
    )
    key = f"permit:{permit.id}:owner"
    owe(tx, [Owed(permit.person_id, key, messages.to_json(message))])
    act = by_office(tx, ACTOR, f"permit:{permit.id}")
    act.tell(permit.person_id, "permit_sent", permit.case_id, opens="rating")
    return None


def _sheet(tx: Session, permit: Permit, context: Context) -> PermitSheet:
    case = tx.get_one(Case, permit.case_id)
    known = identity.of_people(tx, [permit.person_id]).get(permit.person_id)
    answers: Mapping[str, Any] = case.answers
    code = (answers.get("trade") or {}).get("code") or ""
    kind = business_type.load().get(code)
    areas, here = area.load(), case.area_code or ""
    kelurahan, kecamatan, kota = areas.get(here), areas.kecamatan_of(here), areas.kota_of(here)
    return PermitSheet(
        number=permit.number,
        holder=known.name if known else answers["owner_name"],
        masked_nik=_masked(known),
        kbli_code=code or UNKNOWN,
        kbli_title=kind.title if kind else UNKNOWN,
        premises=_in_words(f"business_permit.premises.{answers['premises']}"),
        kelurahan=kelurahan.name if kelurahan else UNKNOWN,
        kecamatan=kecamatan.name if kecamatan else UNKNOWN,
        city=kota.name if kota else UNKNOWN,
        applied_on=case.submitted_at.astimezone(WIB).date(),
        issued_on=permit.issued_on,
        valid_until=permit.valid_until,
        check_url=f"{context.public_url}/izin/{permit.number}",
        business_name=answers.get("business_name"),
        street=_text(answers.get("street")),
        rt_rw=_text(answers.get("rt_rw")),
        coordinates=_coordinates(answers),
        capital=_sum(answers.get("capital")),
        monthly_turnover=_sum(answers.get("turnover")),
        workers=_sum(answers.get("workers")),
        office=context.permit_office,
        signer_title=context.permit_signer,
    )


def _masked(known: Identity | None) -> str | None:
    """First and last four digits: enough to compare with a card, too little to misuse."""
    return f"{known.nik[:4]}{'•' * 8}{known.nik[-4:]}" if known else None


def _coordinates(answers: Mapping[str, Any]) -> tuple[float, float] | None:
    """Where the stall stands; nobody who is shown a permit shall be led to a home."""
    pin = (answers.get("place") or {}).get("pin")
    return (pin[0], pin[1]) if pin and answers["premises"] != "home" else None


def _in_words(key: str) -> str:
    return catalogue.load().say(Say(key), LOCALE)


def _text(answer: Any) -> str | None:
    return answer if isinstance(answer, str) else None


def _sum(answer: Any) -> int | None:
    """A number, or None where it is left to the officer."""
    return answer if isinstance(answer, int) else None
