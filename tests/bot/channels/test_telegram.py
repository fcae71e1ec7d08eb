"""Telegram against a Bot API of our own: what arrives, and what each failure is taken for."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from PIL import Image

from bot.channels.base import Channel, File, InboundMessage
from bot.channels.telegram.channel import CONFLICT_PAUSE, TOKEN_PAUSE, Telegram
from bot.channels.telegram.transport import AWAY
from bot.errors import (
    Away,
    ChannelError,
    FileRefused,
    OutcomeUnknown,
    Rejected,
    TryLater,
    Unlisted,
    Unreachable,
)
from bot.outcomes import LONGEST
from conversations import flows
from conversations.catalogue import Catalogue
from conversations.events import Said
from conversations.messages import Button, Message, Question, Say
from tests.conversations.transcript import Chat
from tests.outgoing_messages import outgoing
from tests.providers.bot_api import (
    CLOSE,
    CUT,
    HANG,
    TOKEN,
    Document,
    FakeBotApi,
    Fault,
    Person,
    broken,
    lie,
    refused,
    too_many,
)
from tests.providers.bot_api import (
    Button as Key,
)
from tests.sounds import ogg

CATALOGUE = Catalogue(
    {
        "t.any": {"id": "{text}", "en": "{text}"},
        "t.yes": {"id": "Ya", "en": "Yes"},
        "common.send_location": {"id": "Kirim lokasi", "en": "Send location"},
        **{
            f"telegram.commands.{name}": {"id": f"{name} (id)", "en": f"{name} (en)"}
            for name in ("menu", "status", "help", "language")
        },
    }
)
QUESTION = Question("business_permit", "", "place", 7)
YES = Button("yes", Say("t.yes"))


def says(text: str = "Halo", **more: object) -> Message:
    return Message((Say("t.any", {"text": text}),), **more)  # type: ignore[arg-type]


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as api:
        yield api


@pytest.fixture
async def telegram(api: FakeBotApi) -> AsyncIterator[Telegram]:
    channel = Telegram(TOKEN, CATALOGUE, api_url=api.url, patience=0.2)
    yield channel
    await channel.close()


@pytest.fixture
def siti(api: FakeBotApi) -> Person:
    person = api.user(1001, "Siti")
    person.say("/start")
    return person


def picture(width: int = 640, height: int = 360) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(out, "JPEG")
    return out.getvalue()


def test_it_is_a_channel(telegram: Telegram) -> None:
    channel: Channel = telegram
    assert channel.name == "telegram"


# What arrives


async def test_a_question_arrives_with_its_buttons(telegram: Telegram, siti: Person) -> None:
    sent = await telegram.send(outgoing("1001", says("Setuju?", choices=(YES,), question=QUESTION)))
    assert siti.last.text == "Setuju?"
    assert siti.last.labels == ["Ya"]
    assert sent.provider_id == str(siti.last.id)


async def test_a_wish_arrives_as_a_key_that_sends_it(telegram: Telegram, siti: Person) -> None:
    message = says("Di mana?", choices=(YES,), question=QUESTION, wish="location")
    await telegram.send(outgoing("1001", message))
    assert siti.keyboard == ((Key("Kirim lokasi", sends="location"),), (Key("Ya"),))
    await telegram.send(outgoing("1001", says("Siapa nama?", clears=True)))
    assert not siti.keyboard


@pytest.mark.parametrize(
    "lines",
    [
        ["> cipete utara"],
        ["> cipete"],
        ["~ location -6.2706, 106.8023"],
        ["~ location -6.2706, 106.8023", "> ya"],
        ["> menu"],
        ["> menu", "> 1"],
        ["> batal"],
        ["> kembali"],
        ["> cipete utara", "> kembali", "> cipete utara"],
        ["> berapa biayanya?", "> cipete utara"],
        ["~ sent voice", "> cipete utara", "> rt 5 rw 3"],
        ["> xyzzy", "> cipete utara", "> bantuan"],
        ["> mulai dari awal"],
    ],
)
async def test_no_key_for_the_location_stands_once_it_is_of_no_use(
    api: FakeBotApi, siti: Person, lines: list[str]
) -> None:
    words = flows.load()
    chat = Chat(words)
    telegram = Telegram(TOKEN, words.catalogue, api_url=api.url)
    sent = 0
    for line in ("~ asked business_permit place", *lines):
        chat.heard(line)
        used = line.startswith("~ location")  # the key is hidden then, until it is taken away
        for message in chat.sent[sent:]:
            await telegram.send(outgoing("1001", message))
            wished = message.wish == "location"
            stands = wished or (used and bool(message.choices))
            assert bool(siti.keyboard) is stands, f"after {line}: {siti.last.text}"
            if message.choices and not wished:
                assert len(siti.last.labels) == len(message.choices)
        sent = len(chat.sent)
    assert not siti.keyboard or used
    await telegram.close()


async def test_links_have_no_preview(telegram: Telegram, api: FakeBotApi, siti: Person) -> None:
    await telegram.send(outgoing("1001", says("https://izin.example/privasi")))
    [sent] = api.called("sendMessage")
    assert sent["link_preview_options"] == {"is_disabled": True}
    assert "parse_mode" not in sent


async def test_a_long_text_arrives_in_order(telegram: Telegram, siti: Person) -> None:
    text = " ".join(f"kata{number}" for number in range(1500))
    sent = await telegram.send(outgoing("1001", says(text, choices=(YES,), question=QUESTION)))
    assert len(siti.texts) > 1
    assert " ".join(siti.texts) == text
    assert [bubble.labels for bubble in siti.bubbles][-2:] == [[], ["Ya"]]
    assert sent.provider_id == str(siti.last.id)


async def test_a_document_arrives_under_its_name(telegram: Telegram, siti: Person) -> None:
    message = says("Ini izinnya.", document="permits/81.pdf", filename='Izin "Bu Siti" ünïk.pdf')
    await telegram.send(outgoing("1001", message, "id", File("81.pdf", b"%PDF-1.7 \x00\xff")))
    assert siti.documents == [Document('Izin "Bu Siti" ünïk.pdf', b"%PDF-1.7 \x00\xff")]
    assert siti.last.text == "Ini izinnya."


async def test_a_picture_arrives_as_one(telegram: Telegram, siti: Person) -> None:
    message = says("Petugas kami", document="officers/7.jpg", choices=(YES,), question=QUESTION)
    await telegram.send(outgoing("1001", message, "id", File("7.jpg", picture())))
    assert siti.documents == [Document("7.jpg", picture(), picture=True)]
    assert siti.last.labels == ["Ya"]


async def test_a_picture_too_large_for_a_photo_arrives_as_a_document(
    telegram: Telegram, siti: Person
) -> None:
    content = bytes(10 * 1024 * 1024 + 1)
    await telegram.send(outgoing("1001", says(document="a.png"), "id", File("a.png", content)))
    assert siti.documents == [Document("a.png", content)]


async def test_a_picture_arrives_over_its_words_and_buttons(
    telegram: Telegram, siti: Person
) -> None:
    message = says("Petugas kami", picture="portraits/7.jpg", choices=(YES,), question=QUESTION)
    await telegram.send(outgoing("1001", message, "id", File("foto.jpg", picture())))
    [bubble] = siti.bubbles
    assert bubble.document == Document("foto.jpg", picture(), picture=True)
    assert (bubble.text, bubble.labels) == ("Petugas kami", ["Ya"])


async def test_a_picture_with_a_long_text_comes_before_it(telegram: Telegram, siti: Person) -> None:
    text = " ".join(f"kata{number}" for number in range(300))
    message = says(text, picture="portraits/7.jpg", choices=(YES,), question=QUESTION)
    await telegram.send(outgoing("1001", message, "id", File("foto.jpg", picture())))
    assert siti.texts == ["", text]
    assert [bool(bubble.document) for bubble in siti.bubbles] == [True, False]
    assert siti.last.labels == ["Ya"]


@pytest.mark.parametrize(
    "why", ["IMAGE_PROCESS_FAILED", "PHOTO_INVALID_DIMENSIONS", "anything that is new"]
)
async def test_a_text_goes_alone_when_its_picture_is_refused(
    telegram: Telegram, api: FakeBotApi, siti: Person, why: str
) -> None:
    message = says("Petugas kami", picture="portraits/7.jpg", choices=(YES,), question=QUESTION)
    api.fail(refused(why), method="sendPhoto")
    sent = await telegram.send(outgoing("1001", message, "id", File("foto.jpg", picture())))
    [bubble] = siti.bubbles
    assert (bubble.text, bubble.labels, bubble.document) == ("Petugas kami", ["Ya"], None)
    assert sent.provider_id == str(bubble.id)


async def test_a_picture_that_is_not_there_leaves_its_text(
    telegram: Telegram, siti: Person
) -> None:
    await telegram.send(outgoing("1001", says("Petugas kami", picture="portraits/7.jpg")))
    assert (siti.texts, siti.documents) == (["Petugas kami"], [])


@pytest.mark.parametrize("forbidden", [False, True])
async def test_a_recording_is_heard_in_the_chat_or_sent_as_a_file(
    telegram: Telegram, api: FakeBotApi, siti: Person, forbidden: bool
) -> None:
    if forbidden:
        api.fail(refused("VOICE_MESSAGES_FORBIDDEN"), method="sendVoice")
    message = says("Kiriman warga", document="attachments/ab/x.ogg", filename="26-000091.ogg")
    sent = await telegram.send(outgoing("1001", message, "id", File("26-000091.ogg", ogg())))
    [bubble] = siti.bubbles
    assert bubble.text == "Kiriman warga" and bubble.document is not None
    assert (bubble.document.name, bubble.document.content) == ("26-000091.ogg", ogg())
    assert sent.provider_id == str(bubble.id)
    assert api.called("sendVoice") and bool(api.called("sendDocument")) is forbidden


async def test_a_document_without_its_file_is_rejected(telegram: Telegram, siti: Person) -> None:
    with pytest.raises(Rejected, match=r"'81\.pdf'.*no file"):
        await telegram.send(outgoing("1001", says(document="permits/81.pdf")))


async def test_many_messages_share_few_connections(api: FakeBotApi, siti: Person) -> None:
    patient = Telegram(TOKEN, CATALOGUE, api_url=api.url, patience=30)  # the machine may be slow
    people = [api.user(number) for number in range(2000, 2200)]
    for person in people:
        person.say("/start")
    await asyncio.gather(
        *(patient.send(outgoing(str(person.id), says(str(person.id)))) for person in people)
    )
    await patient.close()
    assert [person.texts for person in people] == [[str(person.id)] for person in people]


# What goes wrong

ANSWERS: dict[str, tuple[Fault, type[ChannelError], timedelta | None]] = {
    "blocked": (Fault(403, "Forbidden: bot was blocked by the user"), Unreachable, None),
    "deactivated": (Fault(403, "Forbidden: user is deactivated"), Unreachable, None),
    "never started": (
        Fault(403, "Forbidden: bot can't initiate conversation with a user"),
        Unreachable,
        None,
    ),
    "no such chat": (refused("chat not found"), Unreachable, None),
    "a deactivated user's chat": (refused("user is deactivated"), Unreachable, None),
    "an old id": (refused("PEER_ID_INVALID"), Unreachable, None),
    "a text too long": (refused("message is too long"), Rejected, None),
    "a button wrong": (refused("BUTTON_DATA_INVALID"), Rejected, None),
    "too large": (Fault(413, "Request Entity Too Large"), Rejected, None),
    "too many": (too_many(17), TryLater, timedelta(seconds=17)),
    "too many, no time told": (Fault(429, "Too Many Requests"), TryLater, AWAY),
    "a person who is gone": (refused("USER_IS_BLOCKED"), Unreachable, None),
    "a kind of no that is new": (refused("the moon is full"), Unlisted, None),
    "forbidden, but not by the person": (Fault(403, "Forbidden: maintenance"), Unlisted, None),
    "a chat that is busy": (refused("group send failed"), Unlisted, None),
    "broken": (broken(), Away, AWAY),
    "no backend": (broken(502), Away, AWAY),
    "a page with 200": (lie("<html>Halo</html>"), OutcomeUnknown, None),
    "nothing with 200": (lie(""), OutcomeUnknown, None),
    "no message": (lie('{"ok":true,"result":true}'), OutcomeUnknown, None),
    "an empty message": (lie('{"ok":true,"result":{}}'), OutcomeUnknown, None),
    "a message's number that is none": (
        lie('{"ok":true,"result":{"message_id":true}}'),
        OutcomeUnknown,
        None,
    ),
    "a message without end": (
        lie('{"ok":true,"result":{"message_id":' + "9" * 400 + "}}"),
        OutcomeUnknown,
        None,
    ),
    "a list": (lie("[]"), OutcomeUnknown, None),
    "cut off in the middle": (CUT, OutcomeUnknown, None),
    "a proxy's page": (Fault(403, body="<html>Forbidden</html>"), Away, AWAY),
    "a proxy's other page": (Fault(400, body=""), Away, AWAY),
    "a proxy's way to elsewhere": (Fault(302, body="<html>"), Away, AWAY),
    "a no without a reason": (Fault(400, body='{"ok":false}'), Away, AWAY),
    "wait a year": (too_many(31_536_000), TryLater, LONGEST),
    "wait for ever": (too_many(10**13), TryLater, LONGEST),
    "wait no time": (too_many(0), TryLater, AWAY),
    "wait a negative time": (too_many(-7), TryLater, AWAY),
    "wait x": (too_many("x"), TryLater, AWAY),
    "wait a word of a number": (too_many("7"), TryLater, timedelta(seconds=7)),
    "wait and a half": (too_many(1.5), TryLater, timedelta(seconds=1.5)),
    "wait true": (too_many(True), TryLater, AWAY),
    "wait a list": (too_many([7]), TryLater, AWAY),
    "wait nan": (Fault(429, body='{"parameters":{"retry_after":NaN}}'), TryLater, AWAY),
    "wait infinity": (Fault(429, body='{"parameters":{"retry_after":1e999}}'), TryLater, LONGEST),
    "wait, on a page": (Fault(429, body="<html>429</html>"), TryLater, AWAY),
    "a backend too slow": (broken(504), OutcomeUnknown, None),
    "another token": (Fault(401, "Unauthorized"), TryLater, TOKEN_PAUSE),
    "no such method": (Fault(404, "Not Found"), TryLater, TOKEN_PAUSE),
    "another poller": (Fault(409, "Conflict: terminated"), TryLater, CONFLICT_PAUSE),
    "no answer": (HANG, OutcomeUnknown, None),
    "hung up": (CLOSE, OutcomeUnknown, None),
}


@pytest.mark.parametrize("label", ANSWERS)
async def test_a_failure_is_a_decision(
    label: str, telegram: Telegram, api: FakeBotApi, siti: Person
) -> None:
    fault, expected, after = ANSWERS[label]
    api.fail(fault)
    with pytest.raises(expected) as failure:
        await telegram.send(outgoing("1001", says()))
    assert type(failure.value) is expected
    if isinstance(failure.value, TryLater):
        assert failure.value.after == after
    assert siti.texts == (["Halo"] if fault.takes else [])
    await telegram.send(outgoing("1001", says("Lagi")))
    assert siti.last.text == "Lagi"


async def test_who_never_started_or_blocked_the_bot_is_unreachable(
    telegram: Telegram, api: FakeBotApi, siti: Person
) -> None:
    with pytest.raises(Unreachable, match="Chat not found"):
        await telegram.send(outgoing("404", says()))
    siti.block()
    with pytest.raises(Unreachable, match="blocked"):
        await telegram.send(outgoing("1001", says()))


async def test_an_empty_text_is_rejected(telegram: Telegram, siti: Person) -> None:
    with pytest.raises(Rejected, match="Message text is empty"):
        await telegram.send(outgoing("1001", says(" ")))


@pytest.mark.servers
async def test_nobody_at_the_door_is_try_later_and_shows_no_token() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    telegram = Telegram("987:SECRET", CATALOGUE, api_url=f"http://127.0.0.1:{port}")
    with pytest.raises(TryLater) as failure:
        await telegram.send(outgoing("1001", says()))
    await telegram.close()
    assert "SECRET" not in "".join(traceback.format_exception(failure.value))


async def test_a_wrong_token_tells_the_mend(api: FakeBotApi) -> None:
    telegram = Telegram("987:SECRET", CATALOGUE, api_url=api.url)
    with pytest.raises(TryLater, match="TELEGRAM_BOT_TOKEN") as failure:
        await telegram.username()
    await telegram.close()
    assert "SECRET" not in "".join(traceback.format_exception(failure.value))


# Files


async def test_a_file_comes_as_it_was_sent(telegram: Telegram, api: FakeBotApi) -> None:
    file = api.keep(b"\x89PNG" * 50_000, "documents/{} #1 é.png")
    assert await telegram.fetch(file["file_id"], at_most=200_000) == b"\x89PNG" * 50_000


FILES: dict[str, tuple[int, int | None, str]] = {
    "larger than wanted": (200_001, None, "file_too_large"),
    "larger than told": (200_001, 5, "file_too_large"),
    "larger than Telegram gives": (10, 20 * 1024 * 1024 + 1, "file_too_large"),
}


@pytest.mark.parametrize("label", FILES)
async def test_a_large_file_is_refused(label: str, telegram: Telegram, api: FakeBotApi) -> None:
    length, told, reason = FILES[label]
    file = api.keep(bytes(length), "documents/{}", size=told)
    with pytest.raises(FileRefused) as refusal:
        await telegram.fetch(file["file_id"], at_most=200_000)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "why",
    [
        "wrong file_id or the file is temporarily unavailable",
        "file is temporarily unavailable",
        "FILE_REFERENCE_EMPTY",
        "something new",
    ],
)
async def test_a_file_that_may_still_come_is_asked_for_again(
    why: str, telegram: Telegram, api: FakeBotApi
) -> None:
    file = api.keep(b"abc", "documents/{}")
    api.fail(refused(why), method="getFile")
    with pytest.raises(TryLater):
        await telegram.fetch(file["file_id"], at_most=10)
    assert await telegram.fetch(file["file_id"], at_most=10) == b"abc"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("file is too big", "file_too_large"),
        ("invalid file_id", "file_gone"),
        ("wrong file identifier/HTTP URL specified", "file_gone"),
        ("wrong remote file identifier specified: Wrong padding in the string", "file_gone"),
    ],
)
async def test_a_file_that_telegram_will_never_give_is_refused(
    said: str, reason: str, telegram: Telegram, api: FakeBotApi
) -> None:
    file = api.keep(b"abc", "documents/{}")
    api.fail(refused(said), method="getFile")
    with pytest.raises(FileRefused) as refusal:
        await telegram.fetch(file["file_id"], at_most=10)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("getFile", broken()),
        ("getFile", HANG),
        ("getFile", CLOSE),
        ("getFile", too_many(3)),
        ("getFile", Fault(401, "Unauthorized")),
        ("getFile", Fault(404, "Not Found")),
        ("getFile", Fault(403, "Forbidden: bot is not a member")),
        ("getFile", refused("wrong file_id or the file is temporarily unavailable")),
        ("getFile", refused("file is temporarily unavailable")),
        ("getFile", refused("FILE_REFERENCE_EXPIRED")),
        ("getFile", refused("file reference has expired")),
        ("getFile", refused("something that nobody has seen before")),
        ("download", Fault(400, "Bad Request")),
        ("download", Fault(403, "Forbidden")),
        ("download", Fault(404, "Not Found")),
        ("download", Fault(409, "Conflict")),
        ("download", broken()),
        ("download", HANG),
        ("download", too_many(3)),
    ],
)
async def test_a_file_that_does_not_come_now_may_come_later(
    method: str, fault: Fault, telegram: Telegram, api: FakeBotApi
) -> None:
    file = api.keep(b"abc", "documents/{}")
    api.fail(fault, method=method)
    with pytest.raises(TryLater):
        await telegram.fetch(file["file_id"], at_most=10)
    assert await telegram.fetch(file["file_id"], at_most=10) == b"abc"


async def test_the_token_is_never_logged(
    telegram: Telegram, api: FakeBotApi, siti: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = api.keep(b"abc", "documents/{}")
    api.fail(broken(), HANG)
    for _ in range(2):
        with pytest.raises(ChannelError):
            await telegram.send(outgoing("1001", says()))
    await telegram.fetch(file["file_id"], at_most=10)
    assert TOKEN not in caplog.text


# Taps, and the bot's own affairs


async def test_a_tap_is_acknowledged_and_too_late_is_no_matter(
    telegram: Telegram, api: FakeBotApi, siti: Person
) -> None:
    await telegram.send(outgoing("1001", says(choices=(YES,), question=QUESTION)))
    siti.tap("Ya")
    [tap_id] = siti.spinning
    tapped = InboundMessage("telegram", "1001", "1", Said("-"), tap_id=tap_id)
    await telegram.acknowledge(tapped)
    assert not siti.spinning
    await telegram.acknowledge(tapped)
    api.fail(broken(), HANG, method="answerCallbackQuery")
    await telegram.acknowledge(tapped)
    await telegram.acknowledge(tapped)


async def test_a_message_has_nothing_to_acknowledge(telegram: Telegram, api: FakeBotApi) -> None:
    await telegram.acknowledge(InboundMessage("telegram", "1001", "1", Said("halo")))
    assert not api.calls


async def test_the_webhook_is_set_with_the_secret(telegram: Telegram, api: FakeBotApi) -> None:
    await telegram.set_webhook("https://izin.example/", "s3cret")
    [asked] = api.called("setWebhook")
    assert asked["url"] == "https://izin.example/webhooks/telegram"
    assert asked["secret_token"] == "s3cret"
    assert asked["allowed_updates"] == ["message", "edited_message", "callback_query"]
    await telegram.delete_webhook()
    assert api.webhook is None


async def test_a_webhook_that_telegram_refuses_is_rejected(telegram: Telegram) -> None:
    with pytest.raises(Rejected, match=r"[Ss]ecret token"):
        await telegram.set_webhook("https://izin.example", "not a token")


async def test_the_menu_speaks_both_languages(telegram: Telegram, api: FakeBotApi) -> None:
    await telegram.set_commands()
    assert {"command": "help", "description": "help (id)"} in api.commands[""]
    assert [command["description"] for command in api.commands["en"]] == [
        "menu (en)",
        "status (en)",
        "help (en)",
        "language (en)",
    ]


async def test_the_bot_knows_its_name(telegram: Telegram) -> None:
    assert await telegram.username() == "izin_datang_bot"
