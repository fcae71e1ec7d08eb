"""WhatsApp against a Twilio of our own: what arrives, and what each failure is taken for."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bot.channels.base import Channel, File, InboundMessage, OutgoingMessage
from bot.channels.whatsapp.addresses import Addresses, encrypted, to
from bot.channels.whatsapp.channel import WhatsApp
from bot.channels.whatsapp.errors import A_WHILE, PERSON_NEEDED, SOON, HeldBack
from bot.channels.whatsapp.reports import PATIENCE, Reports
from bot.channels.whatsapp.transport import AWAY
from bot.channels.whatsapp.updates import Report
from bot.errors import (
    Busy,
    ChannelError,
    FileRefused,
    OutcomeUnknown,
    Rejected,
    TryLater,
    Unlisted,
    Unreachable,
    WindowClosed,
)
from bot.limits import Limits
from bot.outcomes import LONGEST
from bot.sender import Sender
from conversations import messages
from conversations.catalogue import Catalogue
from conversations.events import Said
from conversations.messages import Button, Message, Question, Say
from models import outbox, receipt
from models import person as people
from models.infrastructure import encryption, pictures
from models.infrastructure.database import Database
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.storage import Storage
from models.outbox import OutboundMessage, SendOutcome
from models.person import Address
from models.person import Person as Row
from models.receipt import DeliveryReport
from tests.bot.conftest import send_due
from tests.clock import now
from tests.outgoing_messages import outgoing
from tests.providers import twilio_api
from tests.providers.bot_api import CLOSE, CUT, HANG, Document, Fault, lie, slow
from tests.providers.twilio_api import FakeTwilio, Person, error, too_many
from tests.web.site import served
from web import files

WORDS = Catalogue(
    {
        "t.any": {"id": "{text}", "en": "{text}"},
        "t.yes": {"id": "Ya", "en": "Yes"},
        "whatsapp.choose": {"id": "Pilih", "en": "Choose"},
        "whatsapp.file_link": {"id": "Di sini: {link}", "en": "Here: {link}"},
        "whatsapp.picture": {"id": "Ini fotonya.", "en": "This is the photo."},
    }
)
QUESTION = Question("business_permit", "", "place", 7)
YES, NO = Button("yes", Say("t.yes")), Button("no", "Tidak")
PHONE = "+6281200000001"
PUBLIC = "http://127.0.0.1:9"
PERMIT = "permits/2026/IUMK-2026-3174-000001.pdf"
PORTRAIT = "portraits/a7.jpg"
AT = datetime(2026, 11, 25, 3, tzinfo=UTC)


def says(text: str = "Halo", **more: object) -> Message:
    return Message((Say("t.any", {"text": text}),), **more)  # type: ignore[arg-type]


ASKS = says("Setuju?", choices=(YES, NO), question=QUESTION)


@dataclass(frozen=True, slots=True)
class Approved:
    content_sid: str | None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Templates:
    """The approved words for anything that is said, by language."""

    sids: dict[str, str | None] = field(default_factory=dict)

    async def refresh(self) -> None:
        return None

    def of(self, message: Message, locale: str) -> Approved | None:
        text = str(message.parts[0].params["text"])
        return Approved(self.sids[locale], {"1": text}) if locale in self.sids else None


@pytest.fixture(autouse=True)
def _keys() -> None:
    encryption.use(KeyRing({"k1": b"0" * 32}, b"1" * 32))


@pytest.fixture
async def api() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as api:
        yield api


@pytest.fixture
def templates() -> Templates:
    return Templates()


@pytest.fixture
async def whatsapp(api: FakeTwilio, db: Database, templates: Templates) -> AsyncIterator[WhatsApp]:
    channel = other(api, db, templates)
    yield channel
    await channel.close()


def other(api: FakeTwilio, db: Database, templates: Templates | None = None) -> WhatsApp:
    return WhatsApp(
        api.account,
        WORDS,
        db,
        public_url=PUBLIC,
        api_url=api.url,
        templates=templates,
        patience=0.3,
    )


@pytest.fixture
def siti(api: FakeTwilio) -> Person:
    person = api.user(PHONE)
    person.heard_at = api.now()
    return person


def write(
    message: Message | None = None, *, heard: timedelta | None = None, **more: int
) -> OutgoingMessage:
    """A message to Siti, who wrote so long ago."""
    given = {} if heard is None else {"heard_at": AT - heard, "at": AT}
    return outgoing(encrypted(PHONE), message or says(), **given, **more)  # type: ignore[arg-type]


async def queued(db: Database, message: Message | None = None) -> int:
    """The row of a message that is owed to Siti."""

    def enqueue(tx: Session) -> int:
        person = Row()
        tx.add(person)
        tx.flush()
        row = OutboundMessage(
            person_id=person.id,
            dedupe_key="t",
            message=messages.to_json(message or says()),
            due_at=now(),
            created_at=now(),
        )
        tx.add(row)
        tx.flush()
        return row.id

    return await db.do(enqueue)


async def seen(person: Person, count: int = 1) -> list[str]:
    """What they have read, once it is so many messages."""
    await until(lambda: len(person.bubbles) >= count)
    return person.texts


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


def test_it_is_a_channel(whatsapp: WhatsApp) -> None:
    channel: Channel = whatsapp
    assert channel.name == "whatsapp"


# What arrives


async def test_words_arrive_and_their_fate_is_asked_for(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    sent = await whatsapp.send(write(number=81))
    assert await seen(siti) == ["Halo"]
    [message] = api.made()
    assert sent.provider_id == message.sid
    assert message.given == {
        "To": f"whatsapp:{PHONE}",
        "From": f"whatsapp:{api.account.sender}",
        "Body": "Halo",
        "StatusCallback": f"{PUBLIC}/webhooks/whatsapp/status?letter=81",
    }


async def test_only_the_last_part_of_a_long_text_is_reported_on(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    sent = await whatsapp.send(write(says(f"{'a' * 1500}. {'b' * 1500}")))
    first, last = api.made()
    assert "StatusCallback" not in first.given and "StatusCallback" in last.given
    assert sent.provider_id == last.sid


async def test_choices_arrive_as_buttons_from_content_that_is_made_once(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    for question in ("Setuju?", "Yakin?"):
        await whatsapp.send(write(says(question, choices=(YES, NO), question=QUESTION)))
    assert await seen(siti, 2) == ["Setuju?", "Yakin?"]
    assert siti.bubbles[0].labels == ["Ya", "Tidak"]
    assert siti.bubbles[0].buttons[0][0].data == "business_permit||place|7|yes"
    assert len(api.contents) == 1
    assert all("Body" not in message.given for message in api.made())


async def test_another_process_uses_the_same_content(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    await whatsapp.send(write(ASKS))
    second = other(api, db)
    await second.send(write(ASKS))
    await second.close()
    assert len(api.called("POST", "/Content")) == 1


async def test_of_two_processes_that_make_the_same_content_one_takes_it_back(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    second = other(api, db)
    api.fail(slow(0.1), slow(0.1), call="POST /Content")
    await asyncio.gather(whatsapp.send(write(ASKS)), second.send(write(ASKS)))
    assert len(api.called("POST", "/Content")) == 2
    assert len(api.contents) == 1, "the one too many was deleted"
    await second.send(write(ASKS))
    await second.close()
    assert len(await seen(siti, 3)) == 3
    assert all(bubble.labels == ["Ya", "Tidak"] for bubble in siti.bubbles)


async def test_content_that_twilio_has_lost_is_made_anew_once(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    await whatsapp.send(write(ASKS))
    api.forget_content()
    await whatsapp.send(write(ASKS))
    assert len(await seen(siti, 2)) == 2
    assert siti.last.labels == ["Ya", "Tidak"]
    assert len(api.called("POST", "/Content")) == 2


@pytest.mark.parametrize(
    "faults",
    [
        [error(20001)],
        [Fault(500, "")],
        [too_many()],
        [HANG],
        [CLOSE],
    ],
    ids=["refused", "broken", "too many", "silent", "cut off"],
)
async def test_without_content_choices_arrive_with_numbers(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, faults: list[Fault]
) -> None:
    api.fail(*faults, call="POST /Content")
    await whatsapp.send(write(ASKS))
    assert await seen(siti) == ["Setuju?\n\n1. Ya\n2. Tidak"]


async def test_content_that_is_refused_at_last_has_numbers_and_is_an_alarm(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    api.fail(error(21656))
    with capture_logs() as logs:
        await whatsapp.send(write(ASKS))
    assert await seen(siti) == ["Setuju?\n\n1. Ya\n2. Tidak"]
    assert [one["log_level"] for one in logs if one["event"] == "whatsapp.content_refused"] == [
        "error"
    ]


async def test_a_file_goes_by_a_link_that_ends(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    message = says("Ini izinnya.", document=PERMIT)
    await whatsapp.send(
        outgoing(encrypted(PHONE), message, "id", File("x.pdf", b"%PDF-"), number=81)
    )
    words, file = api.made()
    assert words.body == "Ini izinnya."
    [url] = file.given["MediaUrl"]
    assert url.startswith(f"{PUBLIC}/berkas/") and url.endswith("/IUMK-2026-3174-000001.pdf")
    assert "StatusCallback" in file.given


async def test_a_message_whose_file_is_missing_is_rejected(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    with pytest.raises(Rejected, match="no file was given"):
        await whatsapp.send(write(says("x", document=PERMIT)))
    assert api.made() == []


async def test_what_people_sent_us_is_never_handed_out(whatsapp: WhatsApp, siti: Person) -> None:
    message = says("x", document="attachments/ab/abcd.jpg")
    with pytest.raises(ValueError, match="not handed out"):
        await whatsapp.send(outgoing(encrypted(PHONE), message, "id", File("x", b"x")))


async def test_a_picture_goes_after_its_words_by_a_link_that_ends(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    sent = await whatsapp.send(write(replace(ASKS, picture=PORTRAIT), number=81))
    words, picture = api.made()
    assert words.body == "Setuju?" and "StatusCallback" in words.given
    assert sent.provider_id == words.sid
    [url] = picture.given["MediaUrl"]
    assert url.startswith(f"{PUBLIC}/berkas/") and url.endswith("/foto.jpg")
    assert picture.body == "Ini fotonya." and "StatusCallback" not in picture.given


@pytest.mark.parametrize(
    "fault",
    [error(21620), error(63005), error(99999), error(63016), too_many(), Fault(500, ""), HANG],
    ids=["its file", "ours", "unlisted", "window", "too many", "broken", "silent"],
)
async def test_words_are_sent_whatever_becomes_of_their_picture(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, fault: Fault
) -> None:
    await whatsapp.send(write())  # so that the next failure is the picture's
    api.fail(Fault(201, late=0.001), fault)
    sent = await whatsapp.send(write(says("Petugas kami", picture=PORTRAIT)))
    assert sent.provider_id == api.made()[1].sid
    assert (await seen(siti, 2))[:2] == ["Halo", "Petugas kami"]


async def test_twilio_fetches_the_picture_from_our_page(
    api: FakeTwilio, db: Database, siti: Person, tmp_path: Path
) -> None:
    storage, face = Storage(tmp_path.as_uri()), picture(1600, 1200)
    storage.write(PORTRAIT, face)
    async with served(Starlette(routes=files.routes(storage=storage))) as url:
        ours = WhatsApp(api.account, WORDS, db, public_url=url, api_url=api.url)
        await ours.send(write(says("Petugas kami", picture=PORTRAIT)))
        await until(lambda: siti.documents)
        await ours.close()
    assert siti.texts[0] == "Petugas kami"
    assert siti.documents == [Document("foto.jpg", pictures.shown(face), picture=True)]


async def test_words_arrive_without_a_picture_that_is_erased(
    api: FakeTwilio, db: Database, siti: Person, tmp_path: Path
) -> None:
    storage = Storage(tmp_path.as_uri())
    async with served(Starlette(routes=files.routes(storage=storage))) as url:
        ours = WhatsApp(api.account, WORDS, db, public_url=url, api_url=api.url)
        await ours.send(write(says("Petugas kami", picture=PORTRAIT)))
        await until(lambda: api.made()[-1].code == 63019)
        await ours.close()
    assert (siti.texts, siti.documents) == (["Petugas kami"], [])


async def test_only_portraits_and_photos_are_shown(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    await whatsapp.send(write(says("Ini.", picture="ktp/1.jpg")))
    assert [message.body for message in api.made()] == ["Ini."]


async def test_after_a_day_a_template_goes_without_its_picture(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, templates: Templates
) -> None:
    templates.sids = {"id": approve(api)}
    await whatsapp.send(write(says("Ini.", picture=PORTRAIT), heard=timedelta(days=2)))
    [message] = api.made()
    assert message.given["ContentSid"] == templates.sids["id"]


async def test_a_picture_that_was_sent_is_no_sign_that_the_words_were(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person, templates: Templates
) -> None:
    templates.sids = {"id": approve(api)}
    await whatsapp.send(write(says("Petugas kami", picture=PORTRAIT)))
    row = await queued(db)
    later = outgoing(
        encrypted(PHONE), says("Lain."), number=row, attempts=2, unsure=True, heard_at=None, at=AT
    )
    api.messages.pop(api.made()[0].sid)
    sent = await whatsapp.send(later)
    assert api.made()[-1].given["ContentSid"] == templates.sids["id"]
    assert sent.provider_id == api.made()[-1].sid


async def test_a_picture_that_was_sent_is_not_taken_for_a_document(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    await whatsapp.send(write(says("Petugas kami", picture=PORTRAIT)))
    row = await queued(db)
    permit = outgoing(
        encrypted(PHONE),
        says("Ini izinnya.", document=PERMIT),
        "id",
        File("x.pdf", b"%PDF-"),
        number=row,
        attempts=2,
        unsure=True,
    )
    await whatsapp.send(permit)
    [url] = api.made()[-1].given["MediaUrl"]
    assert url.endswith(".pdf")


# The window


async def test_free_words_go_within_the_day(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    await whatsapp.send(write(heard=timedelta(hours=23, minutes=57)))
    assert [message.body for message in api.made()] == ["Halo"]


@pytest.mark.parametrize("heard", [timedelta(hours=24), timedelta(days=9)], ids=str)
async def test_later_an_approved_template_says_it(
    whatsapp: WhatsApp,
    api: FakeTwilio,
    siti: Person,
    templates: Templates,
    heard: timedelta,
) -> None:
    templates.sids["id"] = approve(api)
    await whatsapp.send(write(ASKS, heard=heard))
    [message] = api.made()
    assert "Body" not in message.given
    assert message.given["ContentVariables"] == '{"1": "Setuju?"}'
    assert message.body == "Kabar izin: Setuju? Balas untuk lanjut."


async def test_somebody_who_never_wrote_hears_templates_alone(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    with pytest.raises(WindowClosed, match=r"'t\.any' has no approved template"):
        await whatsapp.send(outgoing(encrypted(PHONE), says(), heard_at=None, at=AT))
    assert api.made() == []


async def test_a_template_that_has_no_content_yet_is_none(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, templates: Templates
) -> None:
    templates.sids["id"] = None
    with pytest.raises(WindowClosed):
        await whatsapp.send(write(heard=timedelta(days=2)))
    assert api.made() == []


async def test_a_window_that_twilio_says_is_closed_is_closed(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, templates: Templates
) -> None:
    templates.sids["id"] = approve(api)
    siti.heard_at, api.refuses_at_once = None, True
    await whatsapp.send(write())
    assert [message.body for message in api.made()] == ["Kabar izin: Halo Balas untuk lanjut."]


async def test_a_template_that_lacks_the_language_goes_in_indonesian(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, templates: Templates
) -> None:
    templates.sids = {"id": approve(api), "en": approve(api)}
    api.fail(error(63027))
    given = outgoing(encrypted(PHONE), says(), "en", at=AT)
    await whatsapp.send(given)
    assert len(api.called("POST", "Messages.json")) == 2
    assert api.made()[0].given["ContentSid"] == templates.sids["id"]


def approve(api: FakeTwilio) -> str:
    sid = api.next_sid("HX")
    body = "Kabar izin: {{1}} Balas untuk lanjut."
    api.contents[sid] = {"variables": {"1": "Siti"}, "types": {"twilio/text": {"body": body}}}
    api.approved.add(sid)
    return sid


# Errors: each row of the table names its consequence

CONSEQUENCES: dict[str, tuple[Fault, type[ChannelError], timedelta | None]] = {
    "the number is wrong: nobody": (error(21211), Unreachable, None),
    "they said STOP: nobody": (error(21610), Unreachable, None),
    "they blocked us: nobody": (error(63014), Unreachable, None),
    "our queue is full: later": (error(21611), TryLater, A_WHILE),
    "too many requests: later": (too_many(), TryLater, AWAY),
    "too many, with a time: then": (too_many(7), TryLater, timedelta(seconds=7)),
    "too many, said otherwise: later": (error(20429), TryLater, SOON),
    "WhatsApp's rate: later": (error(63017), TryLater, A_WHILE),
    "the number's rate: later": (error(63018), TryLater, SOON),
    "no WhatsApp there: nobody": (error(63003), Unreachable, None),
    "can't receive: nobody": (error(63024), Unreachable, None),
    "not in the sandbox: nobody": (error(63015), Unreachable, None),
    "content refused: our mistake": (error(63005), Rejected, None),
    "breaks a rule: our mistake": (error(63013), Rejected, None),
    "too long: our mistake": (error(63021), Rejected, None),
    "body too long: our mistake": (error(21617), Rejected, None),
    "wrong number of parameters: our mistake": (error(63028), Rejected, None),
    "the window is closed, and no template: another address": (error(63016), WindowClosed, None),
    "restricted: another address": (error(63032), HeldBack, None),
    "the day's messages are used up: another address": (error(63038), HeldBack, None),
    "the template is paused: another address": (error(63041), HeldBack, None),
    "taken for marketing: another address": (error(63049), HeldBack, None),
    "WhatsApp failed: later": (error(63009), TryLater, A_WHILE),
    "failed otherwise: later": (error(63012), TryLater, A_WHILE),
    "a wrong token: later, by a person": (error(20003, 401), TryLater, PERSON_NEEDED),
    "somebody in between says no: later": (error(403, 403), TryLater, PERSON_NEEDED),
    "something new: a few tries": (error(63999), Unlisted, None),
    "Twilio is away: later": (error(20503), TryLater, A_WHILE),
    "the provider behind it is silent: later": (error(30410), TryLater, A_WHILE),
    "failed for no reason: later": (error(63023), TryLater, A_WHILE),
    "a page in place of an answer: later": (
        Fault(404, body="<html>"),
        TryLater,
        PERSON_NEEDED,
    ),
    "too many, for ever: an hour": (too_many(10**13), TryLater, LONGEST),
    "too many, no time: some": (too_many(0), TryLater, AWAY),
    "too many, a negative time: some": (too_many(-3), TryLater, AWAY),
    "too many, x: some": (too_many("x"), TryLater, AWAY),
    "too many, until a date: some": (too_many("Wed, 21 Oct 2026 07:28:00 GMT"), TryLater, AWAY),
    "too many, without end: some": (too_many("9" * 5000), TryLater, AWAY),
    "taken, with a page: unknown": (lie("<html>", 201), OutcomeUnknown, None),
    "taken, with nothing: unknown": (lie("", 201), OutcomeUnknown, None),
    "taken, without a message: unknown": (lie('{"status":"queued"}', 201), OutcomeUnknown, None),
    "taken, with a list: unknown": (lie("[]", 201), OutcomeUnknown, None),
    "taken, with an id that is none: unknown": (
        lie('{"sid":"SM\\u0000"}', 201),
        OutcomeUnknown,
        None,
    ),
    "taken, with a number as id: unknown": (lie('{"sid":7}', 201), OutcomeUnknown, None),
    "cut off in the middle: unknown": (CUT, OutcomeUnknown, None),
    "Twilio is overrun: later": (Fault(503, ""), TryLater, AWAY),
    "Twilio is broken: unknown": (Fault(500, ""), OutcomeUnknown, None),
    "its gateway gave up: unknown": (Fault(504, ""), OutcomeUnknown, None),
    "no answer: unknown": (HANG, OutcomeUnknown, None),
    "cut off: unknown": (CLOSE, OutcomeUnknown, None),
}


@pytest.mark.parametrize("label", CONSEQUENCES)
async def test_an_error_has_its_consequence(
    label: str, whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    fault, kind, after = CONSEQUENCES[label]
    api.fail(fault)
    with pytest.raises(kind) as raised:
        await whatsapp.send(write())
    assert len(api.called("POST", "Messages.json")) == 1, "no message is repeated by itself"
    if after is not None:
        assert isinstance(raised.value, TryLater)
        assert raised.value.after == after
    assert PHONE not in str(raised.value)


@pytest.mark.parametrize("code", [21620, 63019, 63034])
async def test_a_file_that_is_not_taken_goes_as_a_link(
    code: int, whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    api.fail(error(code))
    await whatsapp.send(
        outgoing(encrypted(PHONE), says("", document=PERMIT), "id", File("x", b"x"))
    )
    [message] = api.made()
    assert message.body.startswith(f"Di sini: {PUBLIC}/berkas/")
    assert "StatusCallback" in message.given


async def test_what_whatsapp_holds_back_is_an_alarm(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    api.fail(error(63049))
    with capture_logs() as logs, pytest.raises(HeldBack):
        await whatsapp.send(write())
    assert {"event": "whatsapp.held_back", "log_level": "error"}.items() <= logs[0].items()


async def test_a_provider_that_is_not_there_has_taken_nothing(
    db: Database, api: FakeTwilio, siti: Person
) -> None:
    nowhere = WhatsApp(api.account, WORDS, db, public_url=PUBLIC, api_url="http://127.0.0.1:9")
    with pytest.raises(TryLater):
        await nowhere.send(write())
    await nowhere.close()


async def test_an_answer_that_can_t_be_read_leaves_the_outcome_unknown(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person
) -> None:
    api.fail(Fault(200, "halo"))
    with pytest.raises(OutcomeUnknown):
        await whatsapp.send(write())


async def test_no_log_line_names_a_person(
    whatsapp: WhatsApp, api: FakeTwilio, siti: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fail(error(21211, message=f"The 'To' number whatsapp:{PHONE} is not valid."))
    with pytest.raises(Unreachable):
        await whatsapp.send(write())
    api.fail(error(63005, message=f"'Halo' to {PHONE} was refused"))
    with pytest.raises(Rejected) as raised:
        await whatsapp.send(write())
    assert "Halo" not in str(raised.value) and PHONE not in str(raised.value)
    said = "\n".join(one.getMessage() for one in caplog.records if one.name != "asyncio")
    assert PHONE.lstrip("+") not in said and api.account.token not in said


# Whether it was sent


LIES = {
    "no answer": HANG,
    "hung up": CLOSE,
    "cut off": CUT,
    "a page": lie("<html>", 201),
    "nothing": lie("", 201),
    "no id": lie("{}", 201),
    "null": lie("null", 201),
    "a list": lie("[]", 201),
    "half of JSON": lie('{"sid":"SM', 201),
    "an id that is none": lie('{"sid":"a b"}', 200),
}


@pytest.mark.parametrize("label", LIES)
async def test_what_came_through_is_found_and_not_sent_again(
    label: str, whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    api.fail(LIES[label])
    with pytest.raises(OutcomeUnknown):
        await whatsapp.send(write(number=row))
    sent = await whatsapp.send(write(number=row, attempts=2, unsure=True))
    assert [message.sid for message in api.made()] == [sent.provider_id]
    assert await seen(siti) == ["Halo"]


@pytest.mark.parametrize("fault", [Fault(500, ""), too_many()], ids=["broken", "too many"])
async def test_what_did_not_come_through_is_sent(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person, fault: Fault
) -> None:
    row = await queued(db)
    api.fail(fault)
    with pytest.raises(ChannelError):
        await whatsapp.send(write(number=row))
    await whatsapp.send(write(number=row, attempts=2, unsure=True))
    assert await seen(siti) == ["Halo"]


async def test_buttons_that_came_through_are_found_too(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    await whatsapp.send(write(ASKS, number=row))
    await whatsapp.send(write(ASKS, number=row, attempts=2, unsure=True))
    assert len(api.made()) == 1


async def test_of_a_message_in_parts_only_the_missing_is_sent(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    long = says(f"{'a' * 1500}. {'b' * 1500}")
    api.fail(slow(0.01), too_many())
    with pytest.raises(OutcomeUnknown, match="a part went"):
        await whatsapp.send(write(long, number=row))
    await whatsapp.send(write(long, number=row, attempts=2, unsure=True))
    assert [text[0] for text in await seen(siti, 2)] == ["a", "b"]


@pytest.mark.parametrize("told", ["a report", "the outbox"])
async def test_the_same_words_for_another_message_are_not_this_one(
    told: str, whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    before = await whatsapp.send(write(number=row))
    if told == "a report":
        await db.do(
            lambda tx: receipt.note(tx, row, DeliveryReport(before.provider_id, "sent", None))
        )
    else:
        await settle(db, row, before.provider_id)
    await db.do(lambda tx: tx.execute(text("UPDATE outbox SET dedupe_key = 'before'")))
    mine = await queued(db)
    await whatsapp.send(write(number=mine, attempts=2, unsure=True))
    assert len(await seen(siti, 2)) == 2


async def test_what_a_report_has_told_needs_no_question(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    await db.do(lambda tx: receipt.note(tx, row, DeliveryReport("SM7", "sent", None)))
    sent = await whatsapp.send(write(number=row, attempts=2, unsure=True))
    assert sent.provider_id == "SM7"
    assert api.calls == []


@pytest.mark.parametrize(
    "fault", [Fault(500, ""), too_many(), HANG], ids=["broken", "many", "silent"]
)
async def test_while_twilio_can_t_be_asked_it_stays_unknown(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person, fault: Fault
) -> None:
    row = await queued(db)
    api.fail(fault, call="GET Messages.json")
    with pytest.raises(OutcomeUnknown):
        await whatsapp.send(write(number=row, attempts=2, unsure=True))
    assert api.made() == []


@pytest.mark.parametrize("code", [21655, 21656, 63028, 63041])
async def test_a_template_that_is_refused_is_an_alarm_and_goes_nowhere(
    code: int, whatsapp: WhatsApp, api: FakeTwilio, siti: Person, templates: Templates
) -> None:
    templates.sids["id"] = approve(api)
    api.fail(error(code))
    with pytest.raises(HeldBack if code == 63041 else Rejected):
        await whatsapp.send(write(heard=timedelta(days=2)))
    assert api.made() == []


# What failed late


async def delivery(db: Database, row: int, *codes: int) -> None:
    for number, code in enumerate(codes):
        failed = DeliveryReport(f"SM{number}", "failed", code)
        await db.do(lambda tx, failed=failed: receipt.note(tx, row, failed))  # type: ignore[misc]


async def test_a_window_that_closed_on_the_way_is_a_template_once(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person, templates: Templates
) -> None:
    templates.sids["id"] = approve(api)
    row = await queued(db)
    await delivery(db, row, 63016)
    await whatsapp.send(write(number=row, attempts=2))
    assert [message.body for message in api.made()] == ["Kabar izin: Halo Balas untuk lanjut."]
    await delivery(db, row, 63016, 63016)
    with pytest.raises(WindowClosed):
        await whatsapp.send(write(number=row, attempts=3))
    assert len(api.made()) == 1


LATE: dict[int, type[ChannelError]] = {
    21610: Unreachable,
    63003: Unreachable,
    63014: Unreachable,
    63024: Unreachable,
    63005: Rejected,
    63013: Rejected,
    63021: Rejected,
    63028: Rejected,
    63032: WindowClosed,
    63038: WindowClosed,
    63041: WindowClosed,
    63049: WindowClosed,
}


@pytest.mark.parametrize("code", LATE)
async def test_what_is_over_by_a_report_is_over(
    code: int, whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    await delivery(db, row, code)
    with pytest.raises(LATE[code]):
        await whatsapp.send(write(number=row, attempts=2))
    assert api.calls == []


PASSING = (63018, 63017, 20429, 63009, 63012, 30410, 20503, 63010, 63023, 30008, 30017, 30003)


@pytest.mark.parametrize("code", PASSING)
async def test_what_passes_is_tried_for_a_day(
    code: int, whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    await delivery(db, row, *[code] * 9)
    await whatsapp.send(write(number=row, attempts=10))
    assert await seen(siti) == ["Halo"]
    past = "UPDATE outbox SET due_at = now() - interval '25 hours'"
    await db.do(lambda tx: tx.execute(text(past)))
    with pytest.raises(TryLater):
        await whatsapp.send(write(number=row, attempts=11))
    assert len(api.made()) == 1, "nothing more is asked of Twilio"


@pytest.mark.parametrize("code", [63999, 12345, 30007, 99999, 0])
async def test_what_nobody_knows_is_tried_a_few_times(
    code: int, whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    row = await queued(db)
    await delivery(db, row, *[code] * 3)
    await whatsapp.send(write(number=row, attempts=4))
    assert await seen(siti) == ["Halo"]
    await delivery(db, row, *[code] * 4)
    with pytest.raises(Rejected, match="4 times"):
        await whatsapp.send(write(number=row, attempts=5))


@pytest.mark.parametrize("code", [*PASSING, 63999, 12345, 30007, None])
async def test_a_report_of_what_may_pass_is_owed_again_later(
    code: int | None, db: Database
) -> None:
    row = await queued(db)
    reports = Reports(db)
    for number in range(6):
        await settle(db, row, f"SM{number}")
        await reports.take([Report(row, f"SM{number}", "failed", code)])
        assert await state(db, row) == (True, "undelivered")
        pause = await db.ask(
            lambda tx: tx.execute(text("SELECT due_at - now() FROM outbox")).scalar_one()
        )
        assert timedelta(0) < pause <= LONGEST


async def test_a_file_that_whatsapp_could_not_get_is_a_link_the_next_time(
    whatsapp: WhatsApp, api: FakeTwilio, db: Database, siti: Person
) -> None:
    message = says("Ini.", document=PERMIT)
    row = await queued(db)
    await delivery(db, row, 63019)
    given = outgoing(encrypted(PHONE), message, "id", File("x", b"x"), number=row, attempts=2)
    await whatsapp.send(given)
    assert (await seen(siti, 2))[1].startswith("Di sini: http")


# Reports


async def settle(db: Database, row: int, sid: str) -> None:
    await db.do(
        lambda tx: tx.execute(
            text("UPDATE outbox SET sent_at = now(), provider_id = :sid WHERE id = :id"),
            {"sid": sid, "id": row},
        )
    )


async def state(db: Database, row: int) -> tuple[bool, str | None]:
    """Whether it is owed, and the reason."""
    found = await db.ask(
        lambda tx: tx.execute(
            text("SELECT sent_at IS NULL AND failed_at IS NULL, outcome FROM outbox")
        ).one()
    )
    return bool(found[0]), found[1]


async def statuses(db: Database) -> list[tuple[str, int | None]]:
    rows = await db.ask(
        lambda tx: tx.execute(text("SELECT status, code FROM receipts ORDER BY provider_id")).all()
    )
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent", "queued"], "read"),
        (["delivered", "sent", "delivered"], "delivered"),
        (["sent", "failed", "sent"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "undelivered"], "delivered"),
        (["accepted", "telepathy"], "accepted"),
    ],
    ids=" ".join,
)
async def test_a_status_only_rises(db: Database, told: list[str], kept: str) -> None:
    row = await queued(db)
    await settle(db, row, "SM1")
    reports = Reports(db)
    for status in [*told, *told]:
        await reports.take([Report(row, "SM1", status, None)])
    assert await statuses(db) == [(kept, None)]


async def test_a_late_failure_is_owed_again_once(db: Database) -> None:
    row = await queued(db)
    await settle(db, row, "SM1")
    reports = Reports(db)
    await reports.take([Report(row, "SM1", "failed", 63016)])
    assert await state(db, row) == (True, "undelivered")
    await settle(db, row, "SM2")
    await reports.take([Report(row, "SM1", "failed", 63016)])
    assert not (await state(db, row))[0], "the same report again is no news"


async def test_a_failure_that_passes_waits_longer_each_time(db: Database) -> None:
    row = await queued(db)
    reports, waits = Reports(db), []
    for number in range(3):
        await settle(db, row, f"SM{number}")
        await reports.take([Report(row, f"SM{number}", "undelivered", 63018)])
        waits.append(
            await db.ask(
                lambda tx: tx.execute(text("SELECT due_at - now() FROM outbox")).scalar_one()
            )
        )
    expected = [SOON, SOON * 4, SOON * 16]
    assert all(
        abs(wait - one) < timedelta(seconds=3) for wait, one in zip(waits, expected, strict=True)
    ), waits


async def lease(db: Database, row: int) -> None:
    """Let a sender be busy with the message."""
    leased = text("UPDATE outbox SET leased_until = now() + interval '15 seconds' WHERE id = :id")
    await db.do(lambda tx: tx.execute(leased, {"id": row}))


async def test_a_failure_waits_for_the_sender_to_settle(db: Database) -> None:
    row = await queued(db)
    await lease(db, row)
    reports = Reports(db)
    taking = asyncio.create_task(reports.take([Report(row, "SM1", "failed", 63024)]))
    await asyncio.sleep(0.3)
    assert not taking.done()
    await settle(db, row, "SM1")
    await taking
    assert await state(db, row) == (True, "undelivered")


async def test_a_failure_that_is_never_settled_shall_come_again(db: Database) -> None:
    row = await queued(db)
    await lease(db, row)
    reports, report = Reports(db, patience=0.2), Report(row, "SM1", "failed", 63024)
    for _ in range(2):
        with pytest.raises(Busy):
            await reports.take([report])
    await settle(db, row, "SM1")
    await reports.take([report])
    assert await state(db, row) == (True, "undelivered")


FAILURES = [
    (status, code)
    for status in ("failed", "undelivered", "canceled")
    for code in (None, 0, 30410, 63016, 63024, 99999)
]


@pytest.mark.parametrize(("status", "code"), FAILURES)
async def test_a_failure_of_another_try_than_the_one_that_was_taken_waits_for_nothing(
    status: str, code: int | None, db: Database
) -> None:
    row = await queued(db)
    await settle(db, row, "SM2")
    async with asyncio.timeout(PATIENCE / 2):
        await Reports(db).take([Report(row, "SM1", status, code)])
    assert not (await state(db, row))[0], "what was sent otherwise stays sent"
    assert await statuses(db) == [(status, code)]


@pytest.mark.parametrize(("status", "code"), FAILURES)
async def test_a_failure_of_a_message_that_nobody_is_trying_is_kept_for_its_next_try(
    status: str, code: int | None, db: Database
) -> None:
    row = await queued(db)
    await db.do(lambda tx: outbox.postpone(tx, row, timedelta(minutes=5), SendOutcome.UNKNOWN))
    async with asyncio.timeout(PATIENCE / 2):
        await Reports(db).take([Report(row, "SM1", status, code)])
    assert await state(db, row) == (True, SendOutcome.UNKNOWN)
    past = await db.ask(lambda tx: receipt.past(tx, row))
    assert past.reports == (DeliveryReport("SM1", status, code),), "the next try goes by it"


async def test_a_report_on_a_message_that_is_gone_is_nothing(db: Database) -> None:
    await Reports(db).take([Report(404, "SM1", "failed", 63016)])
    assert await statuses(db) == []


async def test_a_window_that_is_told_late_makes_a_template_of_the_message(
    whatsapp: WhatsApp,
    api: FakeTwilio,
    db: Database,
    redis_url: str,
    tmp_path: Path,
    siti: Person,
    templates: Templates,
) -> None:
    """The sender, the channel and the reports together."""
    templates.sids["id"] = approve(api)
    siti.heard_at = None
    row = await queued(db)
    here = Address(person_id=1, channel="whatsapp", address=encrypted(PHONE), heard_at=now())
    await db.do(lambda tx: tx.add(here))  # at WhatsApp their last message is older
    limits = Limits(redis_url, {})
    sender = Sender(db, {"whatsapp": whatsapp}, Storage(f"file://{tmp_path}"), limits)
    await send_due(sender)
    [first] = api.made()
    assert await state(db, row) == (False, "sent")
    await until(lambda: first.status == "failed")
    await Reports(db).take([Report(row, first.sid, "failed", first.code)])
    assert await state(db, row) == (True, "undelivered")
    await send_due(sender)
    assert await state(db, row) == (False, "sent")
    assert await seen(siti) == ["Kabar izin: Halo Balas untuk lanjut."]
    await limits.close()


# Files that people sent


def picture(width: int = 64, height: int = 36) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "http://", "https://[", "https://[::1", "https://[x]/", "https://]", "//[/x"),
        *(
            "https://api.twilio.com:x/",
            "https://\u2100/",
            "http://a]/",
            "https://[api.twilio.com]/",
        ),
    ],
)
async def test_an_address_that_is_none_is_no_file_and_nothing_to_delete(
    url: str, whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    with pytest.raises(FileRefused, match="file_gone"):
        await whatsapp.fetch(url, at_most=1000)
    await whatsapp.forget(url)
    assert api.calls == []


@pytest.mark.parametrize("url", ["https://[", "https://[x]", "http://]", "http://a]"])
async def test_a_photo_that_lies_at_no_address_is_asked_for_later(
    url: str, whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    kept = api.keep(api.next_sid("MM"), picture(), "image/jpeg")
    api.files_url = url  # where Twilio sends us on
    with pytest.raises(TryLater):
        await whatsapp.fetch(kept, at_most=1000)


async def test_a_photo_is_fetched_where_it_lies_and_deleted(
    whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    url = api.keep(api.next_sid("MM"), picture(), "image/jpeg")
    assert await whatsapp.fetch(url, at_most=10**6) == picture()
    asked, fetched = api.calls
    assert asked.authorized and not fetched.authorized, "our token goes to Twilio alone"
    await whatsapp.forget(url)
    assert api.media_left() == 0
    await whatsapp.forget(url)


async def test_a_photo_larger_than_it_may_be_is_not_read_to_its_end(
    whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    url = api.keep(api.next_sid("MM"), b"x" * 300_000, "image/jpeg")
    with pytest.raises(FileRefused, match="file_too_large"):
        await whatsapp.fetch(url, at_most=1000)


async def test_a_photo_that_is_gone_is_gone(whatsapp: WhatsApp, api: FakeTwilio) -> None:
    url = api.keep(api.next_sid("MM"), picture(), "image/jpeg")
    await whatsapp.forget(url)
    with pytest.raises(FileRefused, match="file_gone"):
        await whatsapp.fetch(url, at_most=1000)


@pytest.mark.parametrize(
    "change",
    [
        ("https://api.twilio.com", "https://evil.example"),
        ("https://api.twilio.com", "https://api.twilio.com@evil.example"),
        ("https://api.twilio.com", "https://api.twilio.com.evil.example"),
        (twilio_api.ACCOUNT, "AC" + "b" * 32),
        ("/Media/", "/../"),
    ],
    ids=lambda change: change[1],
)
async def test_nothing_is_fetched_from_anywhere_else(
    change: tuple[str, str], whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    url = api.keep(api.next_sid("MM"), picture(), "image/jpeg").replace(*change)
    with capture_logs() as logs, pytest.raises(FileRefused):
        await whatsapp.fetch(url, at_most=10**6)
    assert logs[0]["log_level"] == "error"
    assert api.calls == []


@pytest.mark.parametrize(
    "fault",
    [too_many(), *(Fault(status, "") for status in (400, 401, 403, 408, 409, 425, 500, 502, 503))],
    ids=str,
)
async def test_while_twilio_is_away_a_photo_waits(
    fault: Fault, whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    message = api.next_sid("MM")
    url = api.keep(message, picture(), "image/jpeg")
    api.fail(fault, call=f"GET {url.rpartition('/')[2]}")
    with pytest.raises(TryLater):
        await whatsapp.fetch(url, at_most=10**6)
    assert await whatsapp.fetch(url, at_most=10**6) == picture()


async def test_a_photo_that_can_t_be_deleted_is_tried_twice_and_logged(
    whatsapp: WhatsApp, api: FakeTwilio
) -> None:
    url = api.keep(api.next_sid("MM"), picture(), "image/jpeg")
    call = f"DELETE {url.rpartition('/')[2]}.json"
    api.fail(Fault(503, ""), call=call)
    await whatsapp.forget(url)
    assert api.media_left() == 0
    url = api.keep(api.next_sid("MM"), picture(), "image/jpeg")
    api.fail(*[Fault(500, "")] * 2, call=f"DELETE {url.rpartition('/')[2]}.json")
    with capture_logs() as logs:
        await whatsapp.forget(url)
    assert [one["event"] for one in logs] == ["whatsapp.media_left"]


# Who writes


async def settled(addresses: Addresses, address: str, alias: str | None = None) -> str:
    heard = await addresses.settle(
        InboundMessage("whatsapp", address, "SM1", Said("x"), alias=alias)
    )
    assert heard.alias is None
    return to(heard.address)


async def meet(db: Database, address: str) -> None:
    await db.do(lambda tx: people.meet(tx, "whatsapp", [(encrypted(address), "id")]))


async def test_a_number_can_t_be_read_in_the_record(db: Database) -> None:
    await settled(Addresses(db), PHONE, "ID.1")
    await meet(db, PHONE)
    rows = await db.ask(
        lambda tx: tx.execute(
            text("SELECT aliases::text FROM aliases UNION SELECT addresses::text FROM addresses")
        ).all()
    )
    assert rows and not any(PHONE[1:] in row[0] or "ID.1" in row[0] for row in rows)


async def test_who_hides_their_number_later_stays_who_they_are(db: Database) -> None:
    assert await settled(Addresses(db), PHONE) == f"whatsapp:{PHONE}"
    assert await settled(Addresses(db), PHONE, "ID.1") == f"whatsapp:{PHONE}"
    assert await settled(Addresses(db), "ID.1") == f"whatsapp:{PHONE}"


async def test_who_shows_their_number_later_stays_who_they_are(db: Database) -> None:
    assert await settled(Addresses(db), "ID.1") == "whatsapp:ID.1"
    await meet(db, "ID.1")
    assert await settled(Addresses(db), PHONE, "ID.1") == "whatsapp:ID.1"
    assert await settled(Addresses(db), "ID.1") == "whatsapp:ID.1"


async def test_a_number_that_was_given_to_somebody_else_is_theirs(db: Database) -> None:
    assert await settled(Addresses(db), PHONE, "ID.1") == f"whatsapp:{PHONE}"
    assert await settled(Addresses(db), PHONE, "ID.2") == "whatsapp:ID.2"
    assert await settled(Addresses(db), "ID.2") == "whatsapp:ID.2"
    assert await settled(Addresses(db), "ID.1") == f"whatsapp:{PHONE}"


async def test_many_processes_at_once_agree_who_writes(db: Database) -> None:
    found = await asyncio.gather(
        *(settled(Addresses(db), PHONE, f"ID.{number % 2}") for number in range(20))
    )
    assert len({found[0], found[1]}) == 2
    assert found == [found[0], found[1]] * 10
