"""The figures of a debt are told to its owner, and to the officer of the visit while it lasts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.base import Base
from models.conversation import Conversation
from models.infrastructure.encryption import readable
from models.outbox import OutboundMessage
from models.personal import every_table
from models.visit import Visit
from tests.bot.conftest import Izin
from tests.bot.test_letters import (
    bring_forward,
    dossier,
    fill_in,
    sign,
    the_case,
)
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today

ODD = {"850 ribu": "873.651", "9 juta": "9.123.457", "4 juta": "4.321.987", "500 ribu": "412.907"}
NEW = "551.207"
FIGURE = re.compile("|".join(re.escape(one) for one in (*ODD.values(), NEW)))
BARE = re.compile("|".join(one.replace(".", "") for one in (*ODD.values(), NEW)))
WORDS = re.compile(
    r"menunggak|tunggakan|1-3 bulan|6 bulan|80 %|Rp5 sampai|Rp10 juta", re.IGNORECASE
)

#: What a supervisor may say to see cases, lists and figures.
ASKED = ("halo", "daftar", "angka hari ini", "kunjungan hari ini", "terlambat", "belum dikunjungi")


def told(text: str) -> list[str]:
    """The figures of the debt in a text."""
    return [*FIGURE.findall(text), *BARE.findall(text), *WORDS.findall(text)]


def texts(town: Town, address: str, since: int = 0) -> str:
    return "\n".join(town.desk.chat.texts(address)[since:])


def rows(tx: Session, owner_id: int) -> Iterator[tuple[str, str]]:
    """Every row of every table that is not the owner's own chat, decrypted: (table, content)."""
    own = {"cases", "dossiers", "lender_answers"}  # encrypted, and read for the letter alone
    every_table()  # all modules of tables are imported
    for mapper in Base.registry.mappers:
        table = mapper.class_
        if table.__tablename__ in own:
            continue
        for row in tx.scalars(select(table)):
            if getattr(row, "person_id", None) == owner_id:
                continue
            held = {c.key: readable(getattr(row, c.key)) for c in mapper.column_attrs}
            yield table.__tablename__, json.dumps(held, default=str, ensure_ascii=False)


async def look_around(town: Town) -> None:
    """A supervisor looks at all pages on which the letter may stand."""
    for words in (*ASKED, the_case(town).number, f"kasus {the_case(town).number}"):
        await town.say(words, BOSS)


async def test_no_figure_of_a_debt_is_told_to_anybody_else(
    town: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    await town.staff(OFFICER, "101")
    await town.staff(BOSS, "1", role="supervisor")
    await town.say("halo", OTHER)
    await fill_in(town, instead=ODD)
    await look_around(town)
    await town.work()
    assert told(texts(town, OWNER)), "the owner reads their own figures"
    await look_around(town)
    before = len(town.desk.chat.texts(OFFICER))
    await sign(town)
    shown = town.desk.chat.texts(OFFICER)[before:]
    first = next(at for at, one in enumerate(shown) if told(one))
    assert first > 0, "the offer shows no figure"
    assert {*told("\n".join(shown))} == {"873.651", "412.907"}, "he sees those he signs for"
    await look_around(town)
    ended = len(town.desk.chat.texts(OFFICER))
    bring_forward(town, "forget_confided")
    await town.work()
    owner_id = the_case(town).person_id
    assert leaks(town, owner_id) == []

    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("yes", step="delivered")
    await town.tap("none")
    await town.say("Bu Rina, bagian kredit")
    await look_around(town)
    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("longer")
    for said in (NEW, "24 bulan", "tanggal 5 bulan depan"):
        await town.say(said)
    await town.tap("yes", step="reminds")
    assert dossier(town).terms["instalment"] == 551_207  # type: ignore[index]
    bring_forward(town, "remind_instalment")
    await town.work()
    await look_around(town)
    for words in ("halo", "kunjungan hari ini", "jadwal"):
        await town.say(words, OFFICER)
    assert leaks(town, owner_id) == []
    assert told(texts(town, BOSS)) == told(texts(town, OTHER)) == []
    assert told(texts(town, OFFICER, ended)) == []
    logged = capfd.readouterr()
    assert told(logged.out + logged.err) == []


async def test_what_operators_print_holds_no_figure(town: Town, izin: Izin) -> None:
    await town.staff(OFFICER, "101")
    await fill_in(town, instead=ODD)
    await town.work()
    for command in (("officers", "list"), ("aside", "list"), ("days", "list")):
        _, out, err = await izin(*command)
        assert told(out + err) == []


def leaks(town: Town, owner_id: int) -> list[tuple[str, list[str]]]:
    return town.read(
        lambda tx: [(table, held) for table, row in rows(tx, owner_id) if (held := told(row))]
    )


async def test_what_a_supervisor_reviews_holds_no_figure(town: Town) -> None:
    """A letter that is flagged waits for a supervisor, who sees why, and what for."""
    await town.staff(BOSS, "1", role="supervisor")
    await fill_in(town, instead={**ODD, "[to_3]": "[over_6]"})
    await town.work()
    assert the_case(town).state == "in_review"
    assert told(texts(town, BOSS)) == []
    await look_around(town)
    assert told(texts(town, BOSS)) == []


async def test_the_figures_are_kept_until_the_visit_is_over(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await fill_in(town, instead=ODD)
    await town.work()
    await town.tap("right")
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    await town.tap(asked.choices[0].value)
    await town.work()
    await town.tap("accept", OFFICER)
    visit = town.read(lambda tx: tx.scalars(select(Visit)).one())
    town.change(Visit, visit.id, on=today().on)
    await town.tap("go", OFFICER)
    await town.arrive(OFFICER)
    await town.say(town.visit(visit.id).code or "", OFFICER)
    for answer in ("ktp", "loan_book", "done", "cash_book", "done"):
        await town.tap(answer, OFFICER)
    bring_forward(town, "forget_confided")
    await town.work()
    assert held(town, OFFICER), "he is there, and needs them"
    town.change(Visit, visit.id, state="failed")
    bring_forward(town, "forget_confided")
    await town.work()
    assert not held(town, OFFICER)


def held(town: Town, address: str) -> list[str]:
    """The figures in what somebody was sent, and in their session."""
    who = town.person(address)

    def read(tx: Session) -> list[Any]:
        sent = tx.scalars(select(OutboundMessage.message).filter_by(person_id=who)).all()
        return [*sent, *tx.scalars(select(Conversation.session).filter_by(person_id=who))]

    return told(json.dumps(town.read(read), ensure_ascii=False, default=str))
