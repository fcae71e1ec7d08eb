"""Two chats of one person become one: by a code, once, with all that is theirs."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from casework.news import tell
from conversations.events import News
from conversations.messages import Say
from models import audit, inbox, link
from models import person as people
from models.attachment import Attachment
from models.audit import AuditEntry
from models.case import Case
from models.consent import Consent
from models.conversation import Conversation
from models.identity import Identity
from models.inbox import InboxMessage
from models.infrastructure.encryption import blind_index
from models.infrastructure.quotas import LINK_CODES
from models.lifecycle import CaseState
from models.link import LinkCode
from models.outbox import Lane, OutboundMessage
from models.person import Address, Person
from models.visit import Visit
from tests import world
from tests.bot.town import OFFICER, OTHER, OWNER, Town, words

PENDING, LINKED = words("notices.link_pending"), words("notices.linked")
WRONG, OWN = words("notices.link_wrong"), words("notices.link_own")


async def code(town: Town, address: str = OWNER) -> str:
    """Ask for a code in a chat."""
    found = re.search(r"hubungkan (\w{3}-\w{3})", await town.say("hubungkan", address))
    assert found is not None
    return found[1]


async def type_in(town: Town, typed: str, address: str = OTHER) -> str:
    """Type a code in the other chat, and confirm it; gives the answer."""
    await town.say(f"hubungkan {typed}", address)
    return await town.say("ya", address)


async def two(town: Town) -> tuple[int, int]:
    """Somebody who has spoken in two chats, under two ids: the older first."""
    await town.say("halo", OWNER)
    await town.say("halo", OTHER)
    return town.meet(OWNER), town.meet(OTHER)


def owners(town: Town) -> list[int]:
    """Whose the two addresses are."""
    wanted = select(Address.person_id).where(Address.address.in_([OWNER, OTHER]))
    return town.read(lambda tx: list(tx.scalars(wanted.order_by(Address.id))))


def count(town: Town, action: str) -> int:
    rows = select(func.count()).where(AuditEntry.action == action)
    return town.read(lambda tx: tx.execute(rows).scalar_one())


async def test_the_older_person_keeps_and_both_chats_are_told(town: Town) -> None:
    older, newer = await two(town)
    assert PENDING in await type_in(town, await code(town))
    await town.work()
    assert owners(town) == [older, older]
    for address in (OWNER, OTHER):
        assert town.desk.chat.texts(address).count(LINKED) == 1
    gone = town.read(lambda tx: tx.get_one(Person, newer))
    assert (gone.merged_into, gone.name, gone.phone) == (older, None, None)
    assert count(town, "person.linked") == 1
    assert await town.say("menu", OTHER) and await town.say("menu", OWNER)


@pytest.mark.parametrize(("gives", "types"), [(OWNER, OTHER), (OTHER, OWNER)])
async def test_all_that_was_theirs_moves(town: Town, gives: str, types: str) -> None:
    older, newer = await two(town)
    case_id = town.apply(OTHER, state=CaseState.UNDER_WAY)
    visit_id = town.want(case_id)
    town.change(Person, newer, phone="+6281234567890")
    await type_in(town, await code(town, gives), types)
    await town.desk.sender.finish()
    town.enqueue(OTHER)
    say = Say("business_permit.notices.document_soon")
    town.write(lambda tx: tell(tx, newer, News.IN_REVIEW, 1, say, fact="news:1"))
    world.work_off(town.engine)  # nothing is sent and no news taken yet
    moved = town.read(
        lambda tx: [
            tx.get_one(Case, case_id).person_id,
            tx.get_one(Visit, visit_id).host_id,
            *tx.scalars(select(Attachment.person_id)),
            *tx.scalars(select(Conversation.person_id)),
            *tx.scalars(select(InboxMessage.person_id).filter_by(taken_at=None)),
            *tx.scalars(select(OutboundMessage.person_id).filter_by(sent_at=None)),
        ]
    )
    assert set(moved) == {older}
    assert town.read(lambda tx: tx.get_one(Person, older).phone) == "+6281234567890"
    assert "26-000001" in await town.say("status", OWNER)


async def test_an_answer_stays_where_it_is_asked_and_news_goes_to_the_last(town: Town) -> None:
    older, _ = await two(town)
    await type_in(town, await code(town))
    await town.work()
    before = len(town.desk.chat.texts(OTHER))
    await town.say("bantuan", OWNER)
    assert len(town.desk.chat.texts(OTHER)) == before
    say = Say("business_permit.notices.document_soon")
    town.write(lambda tx: tell(tx, older, News.IN_REVIEW, 1, say, fact="news:1"))
    await town.quiet()
    assert words("business_permit.notices.document_soon") in town.desk.chat.texts(OWNER)[-1]
    await town.say("bantuan", OTHER)
    town.write(lambda tx: tell(tx, older, News.IN_REVIEW, 1, say, fact="news:2"))
    await town.quiet()
    assert words("business_permit.notices.document_soon") in town.desk.chat.texts(OTHER)[-1]


async def test_the_forms_of_both_chats_are_kept(town: Town) -> None:
    await two(town)
    await town.say("izin usaha", OTHER)
    for said in ("ya", "isi sendiri", "Siti Aminah"):
        await town.say(said, OTHER)
    await type_in(town, await code(town, OTHER), OWNER)
    await town.work()
    resumed = await town.say("izin usaha", OWNER)
    assert words("common.resume") in resumed
    assert town.read(lambda tx: tx.scalars(select(Consent.person_id)).all()) == [town.meet(OWNER)]


async def test_the_same_code_twice_links_once(town: Town) -> None:
    older, _ = await two(town)
    typed = await code(town)
    assert PENDING in await type_in(town, typed)
    assert PENDING in await type_in(town, typed), "the task is on its way"
    await town.work()
    assert OWN in await type_in(town, typed), "it is one chat by now"
    await town.work()
    assert owners(town) == [older, older] and count(town, "person.linked") == 1


async def test_somebody_elses_code_that_was_taken_serves_nobody(town: Town) -> None:
    await two(town)
    typed = await code(town)
    await type_in(town, typed)
    assert WRONG in await type_in(town, typed, "a stranger")
    await town.work()
    assert WRONG in await type_in(town, typed, "a stranger")


async def test_both_chats_at_once_are_linked_once(town: Town) -> None:
    older, _ = await two(town)
    mine, theirs = await code(town, OWNER), await code(town, OTHER)
    await town.say(f"hubungkan {theirs}", OWNER)
    await town.say(f"hubungkan {mine}", OTHER)
    turns = town.desk.turns
    await asyncio.gather(
        turns.take([town.desk.heard("ya", OWNER)]), turns.take([town.desk.heard("ya", OTHER)])
    )
    await town.work()
    assert owners(town) == [older, older] and count(town, "person.linked") == 1
    for address in (OWNER, OTHER):
        assert town.desk.chat.texts(address).count(LINKED) == 1


async def test_a_code_ends_and_a_newer_one_replaces_it(town: Town) -> None:
    newer = (await two(town))[1]
    first = await code(town)
    second = await code(town)
    assert WRONG in await type_in(town, first)
    over = update(LinkCode).values(expires_at=func.now())
    town.write(lambda tx: tx.execute(over))
    assert WRONG in await type_in(town, second)
    assert owners(town)[1] == newer
    assert timedelta(minutes=15) == link.LIFE


async def test_a_wrong_code_many_times_shuts_the_door_for_an_hour(town: Town) -> None:
    await two(town)
    right = await code(town)
    for tried in range(LINK_CODES.at_most):
        assert WRONG in await type_in(town, f"BCD-{tried + 2}FG")
    shut = words("notices.link_too_many")
    assert shut in await type_in(town, right), "even the right one"
    earlier = update(AuditEntry).values(at=func.now() - LINK_CODES.within)
    town.write(lambda tx: tx.execute(earlier))
    assert PENDING in await type_in(town, right)


async def test_a_code_typed_where_it_was_made_links_nothing(town: Town) -> None:
    await two(town)
    assert OWN in await type_in(town, await code(town), OWNER)


async def test_only_a_print_of_the_code_is_kept(town: Town) -> None:
    await two(town)
    typed = (await code(town)).replace("-", "")
    row = town.read(lambda tx: tx.scalars(select(LinkCode)).one())
    assert typed.encode() not in row.code_hash and len(row.code_hash) >= 16
    assert not typed.isalpha() and not typed.isdigit()


async def test_two_open_cases_are_not_thrown_together(town: Town) -> None:
    older, newer = await two(town)
    town.apply(OWNER, state=CaseState.IN_REVIEW)
    town.apply(OTHER, state=CaseState.SUBMITTED, number="26-000002")
    typed = await code(town)
    await type_in(town, typed)
    await town.work()
    assert owners(town) == [older, newer]
    for address in (OWNER, OTHER):
        assert words("notices.link_refused_open") in town.desk.chat.texts(address)
    assert WRONG in await type_in(town, typed), "that code is over"
    assert count(town, "link.refused") == 1


async def test_staff_gains_no_chat_and_gives_none_its_rights(town: Town) -> None:
    """An officer's second chat joins by an invitation; even a code from before is refused."""
    older, newer = await two(town)
    typed = await code(town)
    await town.say(f"hubungkan {typed}", OTHER)
    await town.staff(OWNER, "101")
    await town.say("ya", OTHER)
    await town.work()
    assert owners(town) == [older, newer]
    assert words("notices.link_refused_staff") in town.desk.chat.texts(OTHER)
    await town.staff(OFFICER, "102")
    assert words("common.link_not_staff") in await town.say("hubungkan", OFFICER)


async def test_two_identity_cards_are_two_people(town: Town) -> None:
    older, newer = await two(town)

    def give(tx: Session) -> None:
        for person_id, nik in ((older, "3174075705900012"), (newer, "3174071705900013")):
            tx.add(
                Identity(
                    person_id=person_id,
                    name="Siti",
                    nik=nik,
                    nik_index=blind_index(nik, "nik"),
                    born_on="1990-05-17",
                    address="-",
                    given_by_id=person_id,
                )
            )

    town.write(give)
    await type_in(town, await code(town))
    await town.work()
    assert owners(town) == [older, newer]
    assert words("notices.link_refused_identity") in town.desk.chat.texts(OWNER)


async def test_who_was_reached_by_nobodys_mistake_meanwhile_is_gathered(town: Town) -> None:
    """What others write to the person who is gone goes to the one who is kept."""
    older, newer = await two(town)
    await type_in(town, await code(town))
    await town.work()
    say = Say("business_permit.notices.document_soon")
    town.write(lambda tx: tell(tx, newer, News.IN_REVIEW, 1, say, fact="news:1"))
    town.enqueue(OWNER)
    late = update(OutboundMessage).where(OutboundMessage.sent_at.is_(None))
    town.write(lambda tx: tx.execute(late.values(person_id=newer, lane=Lane.NOTICE)))
    await town.quiet()
    assert words("common.again") in town.desk.chat.texts(OTHER)[-1]
    soon = text("UPDATE tasks SET due_at = now() WHERE kind = 'link'")
    town.write(lambda tx: tx.execute(soon))
    await town.work()
    assert words("business_permit.notices.document_soon") in town.desk.chat.texts(OTHER)[-1]
    assert town.read(lambda tx: inbox.waiting(tx, limit=9)) == [] and older


async def test_a_turn_that_waited_for_the_lock_is_taken_by_the_one_who_is_kept(
    town: Town,
) -> None:
    """It had looked up whose address it is before; nothing of it is lost or said twice."""
    older, newer = await two(town)
    before = len(town.desk.chat.texts(OTHER))
    with town.engine.connect() as wire, wire.begin(), Session(wire) as tx:
        people.lock(tx, [older, newer])
        turn = asyncio.create_task(town.desk.turns.take([town.desk.heard("bantuan", OTHER)]))
        await asyncio.sleep(0.3)
        assert not turn.done()
        link.move(tx, kept=older, gone=newer)
        tx.execute(text("DELETE FROM conversations WHERE person_id = :id"), {"id": newer})
        audit.note(tx, "test", "person.linked", f"person:{older}")
        tx.commit()
    await turn
    await town.quiet()
    assert len(town.desk.chat.texts(OTHER)) == before + 1
    last = select(InboxMessage.person_id).order_by(InboxMessage.id.desc()).limit(1)
    assert town.read(lambda tx: tx.scalars(last).one()) == older
