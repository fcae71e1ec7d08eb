"""The act of giving an identity on the secure page, by its owner or with an officer."""

from __future__ import annotations

from datetime import date

from casework import cases, mending, news
from casework.act import Act
from conversations.events import News
from conversations.mending import same_name
from conversations.messages import Say
from models import identity
from models import person as people
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

    Where an officer types both another number and another name than those before, at a visit, a
    supervisor decides. The owner must be locked. `slip` is a suspected typing error in the NIK that
    the sender confirmed: the card has it so.
    """
    act.must_be_office()
    before = identity.of_people(act.tx, [link.person_id]).get(link.person_id)
    another = before is not None and before.nik != nik and not same_name(before.name, name)
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
    if another and link.holder_id != link.person_id:
        mending.somebody_else(act, link.person_id, link.holder_id)
    received = Say("notices.identity_received")
    for reader in sorted({link.person_id, link.holder_id}):
        if not people.has_chat(act.tx, reader):  # an officer fills in the form with them
            continue
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
