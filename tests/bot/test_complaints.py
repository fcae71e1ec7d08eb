"""Supervisors read where somebody who asks for a call can be called."""

import pytest

from bot import senders
from bot.channels.base import InboundMessage
from conversations.events import Said
from conversations.facts import Facts
from models.person import Address, encrypted
from models.turn import Untaken
from tests.bot.town import BOSS, OWNER, Town
from tests.conversations import city

ASKS = ("bicara dengan orang", "data saya")


def row(channel: str, address: str | None) -> Untaken:
    return Untaken(1, channel, {}, None, 1, address)


@pytest.mark.parametrize(
    ("address", "phone"),
    [
        ("+6281200000051", "+6281200000051"),
        ("+6591234567", "+6591234567"),
        ("+12025550123", "+12025550123"),
        ("US.13491208655302741918", None),
        ("ID.9988", None),
        ("+0812", None),
        ("", None),
        (None, None),
    ],
)
def test_on_whatsapp_the_number_is_the_one_they_write_from(
    address: str | None, phone: str | None
) -> None:
    kept = address and encrypted("whatsapp", address)
    known = senders.heard_from(city.facts(), row("whatsapp", kept))
    assert (known.me.phone, known.me.phone_of_chat) == (phone, phone is not None)
    assert not known.me.shares_contact


@pytest.mark.parametrize("channel", ["telegram", "news", "browser"])
def test_elsewhere_an_address_is_no_number(channel: str) -> None:
    assert (
        senders.heard_from(city.facts(), row(channel, encrypted(channel, "+6281200000051")))
        == city.facts()
    )


def test_a_number_that_was_given_goes_before_the_one_they_write_from() -> None:
    given: Facts = city.facts(phone="+628111")
    known = senders.heard_from(given, row("whatsapp", encrypted("whatsapp", "+6281200000051")))
    assert (known.me.phone, known.me.phone_of_chat) == ("+628111", False)


@pytest.mark.parametrize("asks", ASKS)
async def test_supervisors_read_the_number_of_the_whatsapp_chat(town: Town, asks: str) -> None:
    await town.staff(BOSS, "S-01", role="supervisor")
    await town.desk.turns.take(
        [InboundMessage("whatsapp", encrypted("whatsapp", "+6281200000051"), "SM1", Said(asks))]
    )
    await town.quiet()
    told = town.heard(BOSS)
    assert "+6281200000051 (nomor WhatsApp-nya)" in told
    assert "Telepon: -" not in told


async def test_supervisors_read_the_whatsapp_number_of_who_writes_elsewhere(town: Town) -> None:
    await town.staff(BOSS, "S-01", role="supervisor")
    owner = town.meet(OWNER)
    there = encrypted("whatsapp", "+6281200000051")
    town.write(lambda tx: tx.add(Address(person_id=owner, channel="whatsapp", address=there)))
    await town.say("bicara dengan orang")
    assert "+6281200000051 (nomor WhatsApp-nya)" in town.heard(BOSS)


async def test_supervisors_read_a_number_that_was_typed(town: Town) -> None:
    await town.staff(BOSS, "S-01", role="supervisor")
    await town.say("bicara dengan orang")
    assert "belum ada, sudah diminta di chat" in town.heard(BOSS)
    await town.say("0812-0000-0051")
    assert "Telepon: +6281200000051" in town.heard(BOSS)
