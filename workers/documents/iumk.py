"""The sheet of a business permit (IUMK)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from casework import applicants, lenders
from casework.documents import holder
from conversations import catalogue, services
from conversations.messages import Say
from models import identity
from models.case import Case
from models.document import Document
from models.identity import Identity
from models.infrastructure.wib import WIB
from models.reference import business_type
from workers.context import Context
from workers.documents.typesetting import UNDRAWN, address, day, line, qr, typeset

LOCALE = "id"  # permits are in Indonesian
LONGEST_LINE = 220  # characters: the longest address, or a code and title of KBLI 2025
UNKNOWN = "-"  # printed for what nobody has told
BUSINESS_NAME = "business_permit.business_name.label"  # set large, below the holder's


@dataclass(frozen=True, slots=True)
class PermitSheet:
    """The content of one permit.

    Texts are printed literally, never parsed as markup. Characters that the font lacks are left out
    (emoji) or become a square (letters of other scripts); a text longer than `LONGEST` characters
    is cut with an ellipsis. None leaves the line out, except where noted.
    """

    number: str  # "IUMK-2026-3174-000123"
    holder: str
    lines: tuple[tuple[str, str], ...]  # of its kind: label and value
    kbli: str  # code and title in KBLI 2025
    applied_on: date
    issued_on: date
    valid_until: date  # the last day on which the permit is valid
    check_url: str
    masked_nik: str | None = None  # "3174••••••••0007"; None: the officer saw the card
    business_name: str | None = None
    coordinates: tuple[float, float] | None = None  # latitude, longitude; WGS 84
    office: str | None = None  # None: a sample, with CONTOH across the sheet
    signer_title: str | None = None  # as for `office`


def render(sheet: PermitSheet) -> bytes:
    """Typeset the sheet; the QR code holds `check_url`.

    Raises:
        segno.DataOverflowError: the URL is too long for a QR code.
        typst.TypstError: the template has an error.
    """
    return typeset("iumk.typ", _fields(sheet), sheet.issued_on)


def sheet(tx: Session, document: Document, context: Context, check_url: str) -> bytes:
    """Return the PDF of an issued permit."""
    return render(_sheet(tx, document, context, check_url))


def _fields(sheet: PermitSheet) -> dict[str, object]:
    """Format all values as text: the template formats no dates or codes."""
    return {
        "number": line(sheet.number),
        "holder": line(sheet.holder) or UNDRAWN,
        "masked_nik": line(sheet.masked_nik),
        "business_name": line(sheet.business_name),
        "lines": [
            (line(label), line(value, LONGEST_LINE) or UNKNOWN) for label, value in sheet.lines
        ],
        "kbli": line(sheet.kbli, LONGEST_LINE),
        "coordinates": sheet.coordinates and "{:.5f}, {:.5f}".format(*sheet.coordinates),
        "applied_on": day(sheet.applied_on),
        "issued_on": day(sheet.issued_on),
        "valid_until": day(sheet.valid_until),
        "office": line(sheet.office),
        "signer_title": line(sheet.signer_title),
        "check_url": sheet.check_url,
        "check_address": address(sheet.check_url),
        "qr": qr(sheet.check_url),
    }


def _sheet(tx: Session, document: Document, context: Context, check_url: str) -> PermitSheet:
    case = tx.get_one(Case, document.case_id)
    applicant = applicants.of(tx, tx.get_one(Case, document.case_id))
    known = identity.of_people(tx, [applicant]).get(applicant)
    answers: Mapping[str, Any] = case.answers
    city, words = lenders.known(tx), catalogue.load()
    printed = {
        words.say(Say(one.label), LOCALE): words.value(one.value, LOCALE) if one.value else UNKNOWN
        for one in services.load().kind(document.kind).printed(answers, city)
        if one.label != BUSINESS_NAME
    }
    return PermitSheet(
        number=document.number,
        holder=holder(tx, case),
        lines=tuple(printed.items()),
        kbli=_kbli(answers),
        applied_on=case.submitted_at.astimezone(WIB).date(),
        issued_on=document.issued_on,
        valid_until=document.valid_until or document.issued_on,
        check_url=check_url,
        masked_nik=_masked(known),
        business_name=answers.get("business_name"),
        coordinates=_coordinates(answers),
        office=context.permit_office,
        signer_title=context.permit_signer,
    )


def _kbli(answers: Mapping[str, Any]) -> str:
    """Return the code and the official title of the kind of business."""
    kind = business_type.load().get((answers.get("trade") or {}).get("code") or "")
    return f"{kind.code}, {kind.title}" if kind else UNKNOWN


def _masked(known: Identity | None) -> str | None:
    """First and last four digits: enough to compare with a card, too little to misuse."""
    return f"{known.nik[:4]}{'•' * 8}{known.nik[-4:]}" if known else None


def _coordinates(answers: Mapping[str, Any]) -> tuple[float, float] | None:
    """The pin of the place; None for a home, so that a permit does not show where people live."""
    pin = (answers.get("place") or {}).get("pin")
    return (pin[0], pin[1]) if pin and answers["premises"] != "home" else None
