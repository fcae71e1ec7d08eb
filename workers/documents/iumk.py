"""The sheet of a business permit (IUMK)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from conversations import catalogue
from conversations.messages import Say
from models import identity
from models.case import Case
from models.document import Document
from models.identity import Identity
from models.infrastructure.wib import WIB
from models.reference import area, business_type
from workers.context import Context
from workers.documents.typesetting import UNDRAWN, address, day, line, qr, rupiah, typeset

LOCALE = "id"  # permits are in Indonesian
LONGEST_KIND = 200  # characters; the longest title of KBLI 2025 has 199
UNKNOWN = "-"  # printed for a missing area or kind of business


@dataclass(frozen=True, slots=True)
class PermitSheet:
    """The content of one permit.

    Texts are printed literally, never parsed as markup. Characters that the font lacks are left out
    (emoji) or become a square (letters of other scripts); a text longer than `LONGEST` characters
    is cut with an ellipsis. Sums are whole rupiah. None leaves the line out, except where noted.
    """

    number: str  # "IUMK-2026-3174-000123"
    holder: str
    kbli_code: str  # KBLI 2025
    kbli_title: str
    premises: str  # in words: "Keliling / gerobak"
    kelurahan: str
    kecamatan: str
    city: str
    applied_on: date
    issued_on: date
    valid_until: date  # the last day on which the permit is valid
    check_url: str
    masked_nik: str | None = None  # "3174••••••••0007"; None: the officer saw the card
    business_name: str | None = None
    street: str | None = None
    rt_rw: str | None = None  # "005/003"
    coordinates: tuple[float, float] | None = None  # latitude, longitude; WGS 84
    capital: int | None = None
    monthly_turnover: int | None = None
    workers: int | None = None
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


def _fields(sheet: PermitSheet) -> dict[str, str | None]:
    """Format all values as text: the template formats no dates, sums or codes."""
    return {
        "number": line(sheet.number),
        "holder": line(sheet.holder) or UNDRAWN,
        "masked_nik": line(sheet.masked_nik),
        "business_name": line(sheet.business_name),
        "kbli_code": line(sheet.kbli_code),
        "kbli_title": line(sheet.kbli_title, LONGEST_KIND),
        "premises": line(sheet.premises),
        "street": line(sheet.street),
        "rt_rw": line(sheet.rt_rw),
        "kelurahan": line(sheet.kelurahan),
        "kecamatan": line(sheet.kecamatan),
        "city": line(sheet.city),
        "coordinates": sheet.coordinates and "{:.5f}, {:.5f}".format(*sheet.coordinates),
        "capital": rupiah(sheet.capital),
        "monthly_turnover": rupiah(sheet.monthly_turnover),
        "workers": None if sheet.workers is None else str(sheet.workers),
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
    known = identity.of_people(tx, [document.person_id]).get(document.person_id)
    answers: Mapping[str, Any] = case.answers
    code = (answers.get("trade") or {}).get("code") or ""
    kind = business_type.load().get(code)
    areas, here = area.load(), case.area_code or ""
    kelurahan, kecamatan, kota = areas.get(here), areas.kecamatan_of(here), areas.kota_of(here)
    return PermitSheet(
        number=document.number,
        holder=known.name if known else answers["owner_name"],
        masked_nik=_masked(known),
        kbli_code=code or UNKNOWN,
        kbli_title=kind.title if kind else UNKNOWN,
        premises=_in_words(f"business_permit.premises.{answers['premises']}"),
        kelurahan=kelurahan.name if kelurahan else UNKNOWN,
        kecamatan=kecamatan.name if kecamatan else UNKNOWN,
        city=kota.name if kota else UNKNOWN,
        applied_on=case.submitted_at.astimezone(WIB).date(),
        issued_on=document.issued_on,
        valid_until=document.valid_until or document.issued_on,
        check_url=check_url,
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
    """The pin of the place; None for a home, so that a permit does not show where people live."""
    pin = (answers.get("place") or {}).get("pin")
    return (pin[0], pin[1]) if pin and answers["premises"] != "home" else None


def _in_words(key: str) -> str:
    return catalogue.load().say(Say(key), LOCALE)


def _text(answer: Any) -> str | None:
    return answer if isinstance(answer, str) else None


def _sum(answer: Any) -> int | None:
    """Return a number, or None when the owner left it to the officer."""
    return answer if isinstance(answer, int) else None
