"""An identity number in any message is held nowhere afterwards, and the rest of the message is."""

import logging
import re

import pytest
from structlog.testing import capture_logs

from conversations.events import Said, Tapped, Uploaded
from tests import held
from tests.bot.test_tickets import complain, staffed, tickets, visited
from tests.bot.town import BOSS, OWNER, Town, words
from tests.workers.verification.samples import encoded, scene

NIK = "3174075705900012"
WRITTEN = (
    "3174075705900012",
    "3174 0757 0590 0012",
    "3174.0757.0590.0012",
    "3174\n0757-0590\n0012",
)
NOT_KEPT = words("common.number_withheld")
HIDDEN = words("common.number_hidden")


def held_digits(town: Town) -> dict[str, list[str]]:
    """By column: the values whose digits hold the number."""
    found: dict[str, list[str]] = {}
    for where, value in held.in_tables(town.engine):
        if NIK in re.sub(r"\D", "", value):
            found.setdefault(where, []).append(value)
    return found


@pytest.mark.parametrize("number", WRITTEN)
async def test_a_complaint_is_kept_without_the_number(town: Town, number: str) -> None:
    await staffed(town)
    said = await town.say(f"NIK saya {number}, petugas Budi minta uang 200 ribu, hp 0812 3456 7890")
    assert NOT_KEPT in said
    await town.say("ya")
    await town.say("tidak tahu")
    await town.say("boleh")
    await town.say("ya, kirim")
    ((case, _),) = tickets(town)
    assert case.answers["what"].endswith("petugas Budi minta uang 200 ribu, hp 0812 3456 7890")
    assert HIDDEN in town.heard(BOSS)
    assert not held_digits(town)


async def test_a_complaint_as_long_as_may_be_is_kept_without_the_number(town: Town) -> None:
    await staffed(town)
    await town.say("mau lapor")
    if "Apa yang terjadi?" not in town.heard():
        await town.say("ya")
    story = f"{'petugas minta uang terus. ' * 80}NIK saya {NIK}. {'saya takut sekali. ' * 110}"
    assert NOT_KEPT in await town.say(story[:4000])
    await town.say("tidak tahu")
    await town.say("boleh")
    await town.say("ya, kirim")
    ((case, _),) = tickets(town)
    assert len(case.answers["what"]) > 3900 and "NIK saya [•••]." in case.answers["what"]
    assert not held_digits(town)


async def test_no_message_of_anybody_leaves_the_number_anywhere(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        await staffed(town)
        _, accused, _ = await visited(town)
        await complain(town, "0417")
        for written in WRITTEN:
            await town.say(f"tolong catat juga, NIK saya {written}, petugasnya marah marah")
            await town.say(f"nama saya Siti Aminah, NIK {written}")
            await town.say(f"modal saya 5 juta, ktp {written}")
            await town.say(f"nik saya {written}")
        town.desk.chat.files["photo-1"] = encoded(scene(64, 48))
        await town.say(Uploaded(0, "photo", f"ini buktinya, KTP saya {NIK}"))
        await town.say(Uploaded(0, "photo", NIK))
        await town.say(Said(f"petugas minta uang, NIK saya {NIK}", edited=True, message="7"))
        await town.say(Tapped("business_permit", "", "capital", 3, NIK))
        await town.say(f"pemiliknya ancam saya pakai pisau, KTP dia {NIK}", accused)
        await town.say("layanan warga", BOSS)
        await town.say(f"jawab: NIK {NIK} sudah kami cek, hubungi 0812 3456 7890", BOSS)
        await town.say("ya", BOSS)
        await town.work()
    assert not held_digits(town)
    for said in (caplog.text, repr(logs)):
        assert NIK not in re.sub(r"[\s.-]", "", said)


async def test_a_supervisors_answer_reaches_the_owner_without_the_number(town: Town) -> None:
    await staffed(town, head=False)
    await complain(town, "tidak tahu")
    ((case, _),) = tickets(town)
    await town.say(f"jawab {case.number}", BOSS)
    asked = await town.say(f"NIK {NIK} sudah kami cek, hubungi 0812 3456 7890", BOSS)
    assert NOT_KEPT in asked and HIDDEN in asked
    await town.say("ya, kirim", BOSS)
    assert f"NIK {HIDDEN} sudah kami cek, hubungi 0812 3456 7890" in town.heard(OWNER)
    assert not held_digits(town)
