"""The default sheet of a document kind: prints the lines of its kind."""

from __future__ import annotations

from sqlalchemy.orm import Session

from casework import lenders
from casework.documents import holder
from conversations import catalogue, services
from conversations.messages import Say
from models.case import Case
from models.document import Document
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
    city = lenders.known(tx)
    printed = declared.kind(document.kind).printed(case.answers, city)
    fields = {
        "title": line(words.say(Say(f"{service.id}.{document.kind}"), LOCALE)),
        "number": line(document.number),
        "holder": line(holder(tx, case)) or UNDRAWN,
        "lines": [
            (line(words.say(Say(one.label), LOCALE)), line(words.value(one.value, LOCALE)))
            for one in printed
            if one.value
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
