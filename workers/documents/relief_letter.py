"""The letter that asks a lender for relief on a business loan: three A4 pages in Indonesian.

The letter, the business on one page, and the consent to pass it on with a receipt for the lender.
The numbers of the loan and of the identity card are blanks: they are written by hand.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy.orm import Session

from casework import lenders
from casework.documents import holder
from conversations import catalogue, services
from conversations.catalogue import rupiah
from conversations.loans import business, loan, tenors
from conversations.messages import Json, Say
from conversations.service import Known, Service
from conversations.several import picked
from conversations.wording import place_name
from models import attachment, dossier
from models.attachment import SIGNATURE, Attachment
from models.case import Case
from models.document import Document
from models.dossier import Dossier
from models.infrastructure import pictures
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.reference import area, business_type
from workers.context import Context
from workers.documents.typesetting import UNDRAWN, address, day, line, qr, typeset

LOCALE = "id"  # letters are in Indonesian
NUMBER, CITY = 24, 30  # characters: other words stand on the same line
SHORT = 100  # characters of a value with one line on the sheet
LONGEST_ADDRESS = 220
TOLD = 240  # of the owner's sentence: three lines
MOST_REASONS, MOST_PAPERS, MOST_EXAMPLES = 8, 12, 3  # as many as have room

PHOTO_WITHIN = (1000, 1000)  # pixels: more than 200 dots per inch, as it is printed
PHOTO_QUALITY = 85
SIGNATURE_WITHIN = (1200, 800)  # pixels
INK = 200  # a shade below it belongs to what was drawn


@dataclass(frozen=True, slots=True)
class Letter:
    """The content of one letter; texts are printed as those of a permit are (`PermitSheet`).

    An empty text, None and a sum of 0 for `instalment` leave their line out. Sums are rupiah a
    month. `branch` and `lender` are left out of the address if another line of it holds them.
    """

    number: str  # "KK-2026-000045"
    city: str  # where it is written: "Jakarta"
    written_on: date
    lender: str
    branch: str
    addressed_to: str  # "Pimpinan Cabang"
    applicant: str
    address: str
    business: str  # its trade, in words
    permit: str  # its number
    product: str  # the kind of loan, in words
    since: str  # the loan's beginning, in words: "Maret 2024"
    reasons: tuple[str, ...]  # for not being able to pay as agreed
    told: str  # a sentence of the owner's own
    arrears: str  # in words: "1 sampai 3 bulan"
    remaining: str  # in words: a band
    instalment: int
    instalment_as: str  # "Rp200.000 seminggu", if it is not paid monthly
    can_pay: int
    before: int  # turnover before the trouble
    now: int  # turnover now
    wishes: tuple[str, ...]  # one or two, the dearest first
    papers: tuple[str, ...]  # attached, or shown at a visit
    photo: bytes | None = None  # of the business: JPEG, PNG or WEBP
    signature: bytes | None = None  # drawn; on the consent too, once `consented_on` is set
    signed_on: date | None = None
    consented_on: date | None = None
    examples: tuple[tuple[int, int], ...] = ()  # months, and rupiah a month
    desk_url: str = ""  # of the page on which the lender answers
    pin: str = ""  # six digits, for that page


def render(letter: Letter, check_url: str, printed_on: date, *, draft: bool) -> bytes:
    """Typeset the letter; the QR code on its first page holds `check_url`.

    A draft has "DRAF" across each page.

    Raises:
        pictures.TooLarge, pictures.Unreadable: of the photo or the signature.
        segno.DataOverflowError: a URL is too long for a QR code.
    """
    fields = {
        "draft": draft,
        "number": line(letter.number, NUMBER) or UNDRAWN,
        "printed_on": day(printed_on),
        "check_url": check_url,
        "check_address": address(check_url),
        "qr": qr(check_url),
        "host": address(check_url.split("://")[-1].split("/")[0]),
        **_letter(letter),
        **_business(letter),
        **_consent(letter),
    }
    return typeset("relief_letter.typ", fields, printed_on)


def sheet(tx: Session, document: Document, context: Context, check_url: str) -> bytes:
    """Return the letter of a case: a draft until it is signed.

    Raises:
        OSError: the file store is unavailable.
    """
    row = dossier.open_for(tx, document.case_id)
    letter = _of(tx, document, context, row)
    return render(letter, check_url, document.issued_on, draft=row.signed_at is None)


def sheet_to_sign(tx: Session, document: Document, context: Context, check_url: str) -> bytes:
    """Return the letter as it is signed on paper.

    Raises:
        OSError: the file store is unavailable.
    """
    letter = _of(tx, document, context, dossier.open_for(tx, document.case_id))
    return render(letter, check_url, document.issued_on, draft=False)


def _of(tx: Session, document: Document, context: Context, row: Dossier) -> Letter:
    """Return the content of a case's letter."""
    case = tx.get_one(Case, document.case_id)
    service, answers = services.load()[case.service], readable(case.answers) or {}
    words = _Words(service)
    told, of = loan(answers), business(answers)
    place = of["place"]
    where = "" if not isinstance(place, dict) else place_name(place["kelurahan"], _city())
    lender = answers.get("lender") or {}
    signed = row.signed_at.astimezone(WIB).date() if row.signed_at else None
    return Letter(
        number=document.number,
        city="Jakarta",
        written_on=document.issued_on,
        lender=str(lender.get("name", "")),
        branch=str(answers.get("branch") or lender.get("branch") or ""),
        addressed_to=_addressed_to(tx, str(lender.get("id", ""))),
        applicant=holder(tx, case),
        address=", ".join(filter(None, (str(of["street"] or ""), where))),
        business=str(of["trade"]),
        permit=str(of["permit"] or ""),
        product=words.of("product", told.product),
        since=words.since(answers.get("since")),
        reasons=tuple(words.of("reason", one) for one in picked(answers.get("reason"))),
        told=str(answers.get("told") or ""),
        arrears=words.of("arrears", told.arrears),
        remaining=words.of("remaining", told.remaining),
        instalment=told.instalment or 0,
        instalment_as="",
        can_pay=told.can_pay or 0,
        before=told.before or 0,
        now=told.now or 0,
        wishes=tuple(words.of("wish", one) for one in told.wishes),
        papers=tuple(words.of("paper", one) for one in service.papers(answers)),
        photo=_photo_of(tx, of.get("case"), context),
        signature=_drawing(tx, row, context),
        signed_on=signed,
        consented_on=signed,
        examples=tenors(answers),
        desk_url=f"{context.public_url}/kreditur/{row.desk_code}",
        pin=row.pin,
    )


def _addressed_to(tx: Session, lender_id: str) -> str:
    known = lenders.load(tx).get(lender_id) if lender_id else None
    return known.address_to if known is not None else "Pimpinan"


@cache
def _city() -> Known:
    return Known(area.load(), business_type.load())


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a service's answers, in Indonesian."""

    service: Service

    def of(self, step: str, option: str) -> str:
        return self._say(f"{step}.{option}") if option else ""

    def since(self, answer: Json) -> str:
        if not isinstance(answer, str):
            return ""
        year, _, month = answer.partition("-")
        return day(date(int(year), int(month), 1)).partition(" ")[2] if month else year

    def _say(self, key: str) -> str:
        return catalogue.load().say(Say(f"{self.service.id}.{key}"), LOCALE)


def _photo_of(tx: Session, case_id: Json, context: Context) -> bytes | None:
    """Return the first photo of the business from its own request, if it is stored."""
    found = tx.get(Case, case_id) if isinstance(case_id, int) else None
    if found is None:
        return None
    paths = attachment.photos_of(tx, {found.id: readable(found.answers) or {}})[found.id]
    return context.storage.read(paths[0]) if paths else None


def _drawing(tx: Session, row: Dossier, context: Context) -> bytes | None:
    """Return what the owner drew on the officer's phone."""
    drawn = tx.get(Attachment, row.signature_id) if row.signature_id is not None else None
    is_drawn = drawn is not None and drawn.kind == SIGNATURE and drawn.path is not None
    return context.storage.read(drawn.path) if is_drawn and drawn and drawn.path else None


def _letter(letter: Letter) -> dict[str, object]:
    """Return the fields of the first page."""
    return {
        "city": line(letter.city, CITY),
        "written_on": day(letter.written_on),
        "recipient": _recipient(letter.addressed_to, *_lender(letter)),
        "applicant": line(letter.applicant) or UNDRAWN,
        "address": line(letter.address, LONGEST_ADDRESS),
        "business": line(letter.business),
        "permit": line(letter.permit, SHORT),
        "product": line(letter.product, SHORT),
        "since": line(letter.since, SHORT),
        "remaining": line(letter.remaining, SHORT),
        "arrears": line(letter.arrears, SHORT),
        "instalment": _instalment(letter),
        "reasons": _listed(letter.reasons, MOST_REASONS),
        "told": line(letter.told, TOLD),
        "turnover": _turnover(letter.before, letter.now),
        "can_pay": rupiah(letter.can_pay) if letter.can_pay else None,
        "wishes": _listed(letter.wishes, 2),
        "papers": _listed(letter.papers, MOST_PAPERS),
        "signature": _signature(letter.signature),
        "signed_on": day(letter.signed_on) if letter.signed_on else None,
    }


def _business(letter: Letter) -> dict[str, object]:
    """Return the fields of the second page; the length of a bar is a share of the longest."""
    sales = (("Sebelum ada kesulitan", letter.before), ("Sekarang", letter.now))
    loan = (
        ("Penjualan sekarang", letter.now),
        *((("Cicilan menurut perjanjian", letter.instalment),) if letter.instalment else ()),
        ("Sanggup dibayar sekarang", letter.can_pay),
    )
    return {
        "sales": _bars(sales),
        "change": _change(letter.before, letter.now),
        "loan": _bars(loan),
        "burden": _burden(letter),
        "photo": _photo(letter.photo),
        "examples": [
            (f"{months} bulan", rupiah(a_month))
            for months, a_month in letter.examples[:MOST_EXAMPLES]
        ],
    }


def _consent(letter: Letter) -> dict[str, object]:
    """Return the fields of the third page."""
    return {
        "lender": _recipient(*_lender(letter)),
        "consented_on": day(letter.consented_on) if letter.consented_on else None,
        "desk_url": letter.desk_url,
        "desk_qr": qr(letter.desk_url) if letter.desk_url else None,
        "desk_address": address(letter.desk_url) if letter.desk_url else None,
        "pin": line(f"{letter.pin[:3]} {letter.pin[3:]}", SHORT) if letter.pin else None,
    }


def _lender(letter: Letter) -> tuple[str, str]:
    return letter.lender, letter.branch


def _recipient(*texts: str) -> list[str]:
    """Return the lines of an address, without one whose words another line holds."""
    printed = {f" {said} ".casefold(): said for text in texts if (said := line(text))}
    kept = [said for one, said in printed.items() if sum(one in other for other in printed) == 1]
    return kept or [UNDRAWN]


def _listed(texts: Sequence[str], most: int) -> list[str]:
    """Return the entries of a list; those that have no room are counted in its last entry."""
    printed = [said for text in texts if (said := line(text))]
    if len(printed) <= most:
        return printed
    return [*printed[: most - 1], f"dan {len(printed) - most + 1} lainnya"]


def _instalment(letter: Letter) -> str | None:
    if not letter.instalment:
        return line(letter.instalment_as, SHORT)
    monthly = f"{rupiah(letter.instalment)} sebulan"
    said = line(letter.instalment_as, SHORT)
    return f"{said} (sekitar {monthly})" if said else monthly


def _turnover(before: int, now: int) -> str:
    """Return the sentence about the turnover."""
    if before == now == 0:
        return "Usaha saya sedang tidak ada penjualan."
    if now == 0:
        return f"Penjualan usaha saya dulu {rupiah(before)} sebulan, dan sekarang tidak ada."
    if before == now:
        return f"Penjualan usaha saya tetap {rupiah(now)} sebulan."
    moved = "turun" if now < before else "naik"
    return f"Penjualan usaha saya {moved} dari {rupiah(before)} menjadi {rupiah(now)} sebulan."


def _change(before: int, now: int) -> str:
    """Return how much the turnover changed, in words."""
    if before == now:
        return "Tidak berubah." if now else "Belum ada penjualan."
    if before == 0:
        return "Sebelumnya tidak ada penjualan."
    moved = "Turun" if now < before else "Naik"
    return f"{moved} {_share(abs(now - before), before)}."


def _burden(letter: Letter) -> str:
    """Return instalment and what can be paid as shares of the turnover, in words."""
    if not letter.now:
        return "Sekarang tidak ada penjualan, jadi tidak bisa dibandingkan."
    paid = f"yang sanggup dibayar {_share(letter.can_pay, letter.now)}"
    if not letter.instalment:
        return f"Dari penjualan sekarang, {paid}."
    return f"Dari penjualan sekarang, cicilan {_share(letter.instalment, letter.now)}, dan {paid}."


def _share(part: int, whole: int) -> str:
    """Return a share in words: 0 and 100 per cent only if it is exactly that."""
    share = 100 * part / whole
    if share > 1000:
        return f"lebih dari {part // whole} kali lipatnya"
    if 0 < share < 1:
        return "kurang dari 1 persen"
    return "lebih dari 99 persen" if 99 < share < 100 else f"{share:.0f} persen"


def _bars(values: Sequence[tuple[str, int]]) -> list[tuple[str, str, float]]:
    """Return label, sum and length of each bar; all lengths begin at 0."""
    longest = max(1, *(value for _, value in values))
    return [(label, rupiah(value), max(0, value) / longest) for label, value in values]


def _photo(content: bytes | None) -> list[int] | None:
    """Return the photo in greys, upright and without metadata, as bytes for the template."""
    if content is None:
        return None
    out = io.BytesIO()
    grey = pictures.read(content, "L", PHOTO_WITHIN).image
    grey.save(out, "JPEG", quality=PHOTO_QUALITY)
    return list(out.getvalue())


def _signature(content: bytes | None) -> list[int] | None:
    """Return what was drawn, in greys and without the space around it; None if it is blank."""
    if content is None:
        return None
    drawn = pictures.read(content, "L", SIGNATURE_WITHIN).image
    box = drawn.point(lambda shade: 255 if shade < INK else 0).getbbox()
    if box is None:
        return None
    out = io.BytesIO()
    drawn.crop(box).save(out, "PNG")
    return list(out.getvalue())
