"""The kinds of signatures on the page: of a form that an officer filled in, or of a letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.assisted import of_form
from casework import assisting, lenders
from casework import signing as letters
from casework.act import by_office
from casework.signing import ToSign
from conversations import services
from conversations.messages import Say
from models import assisted, attachment, dossier, person
from models import case as cases
from models import visit as visits
from models.assisted import Assisted, AssistedState
from models.attachment import Attachment
from models.base import now
from models.infrastructure import signing
from models.officer import Officer
from models.person import Person
from web.drawings import Signature

_SEEN = "signature.seen"


@dataclass(frozen=True, slots=True)
class Shown:
    """The content of the page."""

    lines: tuple[Say | str, ...]  # what is signed
    officer: str
    badge: str
    locale: str  # the person's
    seen: str  # stands for what is shown: another one once that is changed


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of what is signed.

    `look_up` returns what a token shows; None if nothing waits, or the token is not good now.
    `write` takes the signature, whose file is stored at a path, for what was seen; False if that
    does not wait any more.
    """

    id: str  # the group of the pages' texts; `signature` has those that it lacks
    path: str
    typed: bool  # a typed name will do
    look_up: Callable[[Session, str], Shown | None]
    write: Callable[[Session, str, str, Signature, str], bool]


# -- forms -----------------------------------------------------------------------------------------


def _form(tx: Session, token: str) -> Shown | None:
    form = _waiting(tx, token)
    officer = tx.get(Officer, form.officer_id) if form is not None else None
    if form is None or officer is None or not officer.active:
        return None
    fact = of_form(tx, lenders.known(tx), form, services.load())
    owner = tx.get_one(Person, form.person_id)
    lines = tuple(fact.brief) or (fact.name,)
    return Shown(lines, officer.name, officer.badge, owner.locale, _seen(form))


def _waiting(tx: Session, token: str) -> Assisted | None:
    form_id = _subject(tx, token, assisting.SIGNING)
    form = tx.get(Assisted, form_id) if form_id is not None else None
    return form if form is not None and form.state == AssistedState.WAITING else None


def _subject(tx: Session, token: str, purpose: str) -> int | None:
    """Return the row that a token is for, if the token has not expired."""
    match signing.signed(token, purpose):
        case [int(row_id), int(ends)] if now(tx).timestamp() < ends:
            return row_id
    return None


def _seen(form: Assisted) -> str:
    """Stand for what a form says now: it says something else only after it was moved."""
    return signing.signature(f"{form.id}:{form.person_id}:{form.moved_at.isoformat()}", _SEEN)


def _sign_form(tx: Session, token: str, seen: str, signature: Signature, path: str) -> bool:
    waiting = _waiting(tx, token)
    if waiting is None or _form(tx, token) is None:
        return False
    person.lock(tx, [waiting.person_id])
    form = assisted.lock(tx, waiting.id)
    if form.state != AssistedState.WAITING or _seen(form) != seen:
        return False
    evidence_id = _kept(tx, form.person_id, signature, path)
    officer = tx.get_one(Officer, form.officer_id)
    act = by_office(tx, f"person:{officer.person_id}", f"form:{form.id}:signed")
    return assisting.confirm_by_signature(act, form, evidence_id)


def _kept(tx: Session, person_id: int, signature: Signature, path: str) -> int:
    kind, content = signature.content_type, signature.content
    return attachment.of_page(tx, person_id, attachment.SIGNATURE, kind, content, path)


# -- letters ---------------------------------------------------------------------------------------


def _letter(tx: Session, token: str) -> Shown | None:
    found = _at_visit(tx, token)
    if found is None:
        return None
    lender = {"lender": found.lender}
    return Shown(
        (
            Say("pages.letter_signature.letter", {"number": found.number}),
            Say("pages.letter_signature.to", lender),
            Say("pages.letter_signature.consent", lender),
        ),
        found.officer.name,
        found.officer.badge,
        tx.get_one(Person, found.person_id).locale,
        _seen_letter(found),
    )


def _at_visit(tx: Session, token: str) -> ToSign | None:
    visit_id = _subject(tx, token, letters.LETTER)
    return letters.to_sign(tx, visit_id) if visit_id is not None else None


def _seen_letter(found: ToSign) -> str:
    return signing.signature(f"{found.visit_id}:{found.number}:{found.version}", _SEEN)


def _sign_letter(tx: Session, token: str, seen: str, signature: Signature, path: str) -> bool:
    found = _at_visit(tx, token)
    if found is None:
        return False
    (case,) = cases.lock(tx, [found.case_id])
    (visit,) = visits.lock(tx, [found.visit_id])
    found = letters.to_sign(tx, visit.id)
    if found is None or _seen_letter(found) != seen:
        return False
    before = dossier.open_for(tx, case.id).signature_id
    if before is not None and tx.get_one(Attachment, before).path == path:
        return True  # the same drawing was posted before
    evidence_id = _kept(tx, found.person_id, signature, path)
    cause = f"letter_signature:{evidence_id}"
    letters.sign(by_office(tx, f"person:{found.officer.person_id}", cause), visit, evidence_id)
    return True


FORM = Kind("signature", "/tanda-tangan", True, _form, _sign_form)
LETTER = Kind("letter_signature", letters.PATH, False, _letter, _sign_letter)
KINDS = (FORM, LETTER)
