"""The act of giving an identity on the secure page, by its owner or with an officer."""

from __future__ import annotations

from datetime import date

from casework import cases, news
from casework.act import Act
from conversations.events import News
from conversations.messages import Say
from models import identity
from models.identity import IdentityLink


def give(
    act: Act,
    link: IdentityLink,
    *,
    name: str,
    nik: str,
    born_on: date,
    address: str,
    attachment_id: int | None,
    slip: str | None,
) -> None:
    """Store an identity that was given through a (locked) link, and verify the cases that use it.

    The owner must be locked. `slip` is a suspected typing error in the NIK that the sender
    confirmed: the card has it so.
    """
    act.must_be_office()
    row = identity.give(
        act.tx,
        link,
        name=name,
        nik=nik,
        born_on=born_on,
        address=address,
        ktp_attachment_id=attachment_id,
    )
    act.tx.flush()
    photo = attachment_id is not None
    act.note("identity.given", f"person:{row.person_id}", photo=photo, sure_of=slip)
    cases.identity_given(act, row.person_id)
    received = Say("notices.identity_received")
    for reader in sorted({link.person_id, link.holder_id}):
        news.tell(
            act.tx,
            reader,
            News.IDENTITY_GIVEN,
            row.person_id,
            received,
            fact=f"identity_given:{row.person_id}:{row.version}",
            unasked=False,  # it answers what they typed on the page
            can_wait=False,
        )
