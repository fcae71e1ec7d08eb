"""Acts on the signature of a letter: the page is asked for, and its owner has signed there."""

from __future__ import annotations

from datetime import timedelta

from casework import visits
from casework.act import Act
from models import dossier
from models.infrastructure import signing
from models.lifecycle import NotAllowed, VisitState
from models.visit import Visit

LETTER = "letter"  # what a token is for
LIFE = timedelta(minutes=30)
PURPOSE = "signing"


def ask(act: Act, visit_id: int, public_url: str) -> None:
    """Send the officer at the door the page on which the owner of the letter signs.

    Raises:
        NotAllowed: the officer is not there, or the visit is for something else.
    """
    _, visit = visits.of_officer(act, visit_id)
    _must_sign(visit)
    token = signing.sign([visit.id, int((act.at + LIFE).timestamp())], LETTER)
    act.reply("signing.link", url=f"{public_url}/tanda-tangan-surat/{token}")


def sign(act: Act, visit: Visit, evidence_id: int) -> None:
    """Take what was drawn on the page at a (locked) visit; a later drawing replaces it.

    Raises:
        NotAllowed: the officer has left, or the visit is for something else.
    """
    act.must_be_office()
    _must_sign(visit)
    dossier.open_for(act.tx, visit.case_id).signature_id = evidence_id
    act.note("letter.drawn", f"case:{visit.case_id}")


def _must_sign(visit: Visit) -> None:
    if visit.purpose != PURPOSE or visit.state != VisitState.ARRIVED:
        raise NotAllowed(f"nobody signs at visit {visit.id}")
