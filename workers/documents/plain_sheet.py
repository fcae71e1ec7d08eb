"""The default sheet of a document kind: prints what the check page shows."""

from __future__ import annotations

from sqlalchemy.orm import Session

from conversations import catalogue, services
from conversations.messages import Say
from conversations.service import Known
from models import identity
from models.case import Case
from models.document import Document
from models.reference import area, business_type
from workers.context import Context
from workers.documents.typesetting import UNDRAWN, address, day, line, qr, typeset

LOCALE = "id"  # documents are in Indonesian


def sheet(tx: Session, document: Document, context: Context, check_url: str) -> bytes:
    """Return the PDF of a document: its name, number, holder, lines, dates and QR code.

    Raises:
        segno.DataOverflowError: the URL is too long for a QR code.
    """
    words, declared = catalogue.load(), services.load()
    service = declared.issuing(document.kind)
    case = tx.get_one(Case, document.case_id)
    known = identity.of_people(tx, [document.person_id]).get(document.person_id)
    holder = known.name if known else service.holder(case.answers)
    city = Known(area.load(), business_type.load())
    shown = declared.kind(document.kind).shown(case.answers, city)
    fields = {
        "title": line(words.say(Say(f"{service.id}.{document.kind}"), LOCALE)),
        "number": line(document.number),
        "holder": line(holder) or UNDRAWN,
        "lines": [
            (line(words.say(Say(label), LOCALE)), line(words.value(value, LOCALE)))
            for label, value in shown
            if value
        ],
        "issued_on": day(document.issued_on),
        "valid_until": day(document.valid_until) if document.valid_until else None,
        "office": line(context.permit_office),
        "signer_title": line(context.permit_signer),
        "check_url": check_url,
        "check_address": address(check_url),
        "qr": qr(check_url),
    }
    return typeset("plain_sheet.typ", fields, document.issued_on)
