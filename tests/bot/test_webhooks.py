"""Deliveries at the door: who gets in, what is answered, and that nothing personal is logged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from structlog.testing import capture_logs

from bot.channels.base import InboundMessage
from bot.channels.whatsapp.addresses import Addresses, to
from bot.channels.whatsapp.reports import Reports
from bot.channels.whatsapp.updates import Signature
from bot.errors import Busy
from bot.webhooks import MAX_BODY, RETRY_AFTER, telegram, whatsapp
from conversations.events import Said
from models.infrastructure.database import Database
from models.person import encrypted
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import TOKEN, sign

SECRET = "s3cret_of-ours"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
NIK = "3174051708450001"
UPDATE: dict[str, Any] = {
    "update_id": 700_000_001,
    "message": {
        "message_id": 208,
        "from": {"id": 1001, "is_bot": False, "first_name": "Siti", "language_code": "id"},
        "chat": {"id": 1001, "first_name": "Siti", "type": "private"},
        "date": 1764032412,
        "text": "nasi uduk",
    },
}
HEARD = InboundMessage("telegram", "1001", "700000001", Said("nasi uduk", message="208"))


class Turns:
    """Takes what is heard; first fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[InboundMessage] = []

    async def take(self, heard: Sequence[InboundMessage]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += heard


async def deliver(turns: Turns, **request: Any) -> httpx.Response:
    app = Starlette(routes=telegram(secret=SECRET, take=turns.take))
    door = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=door, base_url="http://izin.example") as client:
        return await client.post("/webhooks/telegram", **{"headers": HEADERS, **request})


async def test_a_delivery_is_taken_before_it_is_answered() -> None:
    turns = Turns()
    answer = await deliver(turns, json=UPDATE)
    assert answer.status_code == 200
    assert turns.taken == [replace(HEARD, address=encrypted("telegram", HEARD.address))]


async def test_the_answer_to_a_tap_stops_the_button_from_spinning() -> None:
    tap = {
        "update_id": 700_000_002,
        "callback_query": {
            "id": "4382",
            "from": UPDATE["message"]["from"],
            "message": UPDATE["message"],
            "chat_instance": "1",
            "data": "welcome||menu|1|business_permit",
        },
    }
    answer = await deliver(Turns(), json=tap)
    assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": "4382"}
    assert (await deliver(Turns(Busy()), json=tap)).content == b"", "only once it is taken"


async def test_what_concerns_nobody_is_accepted_and_not_taken() -> None:
    turns = Turns(Busy())
    answer = await deliver(turns, json={"update_id": 1, "telepathy": {}})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Telegram-Bot-Api-Secret-Token": "s3cret"},
        dict.fromkeys(HEADERS, ""),
    ],
    ids=["none", "another", "empty"],
)
async def test_without_the_secret_nothing_is_read(headers: dict[str, str]) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield json.dumps(UPDATE).encode()

    turns = Turns()
    with capture_logs() as logs:
        answer = await deliver(turns, content=body(), headers=headers)
    assert answer.status_code == 403
    assert not read
    assert turns.taken == []
    assert [(entry["event"], entry["status"]) for entry in logs] == [("delivery_refused", 403)]


async def test_a_secret_in_other_letters_is_wrong_and_no_accident() -> None:
    headers = [(b"X-Telegram-Bot-Api-Secret-Token", "rahasia–é".encode())]
    assert (await deliver(Turns(), json=UPDATE, headers=headers)).status_code == 403


def test_a_door_without_a_secret_is_not_opened() -> None:
    with pytest.raises(ValueError, match="TELEGRAM_WEBHOOK_SECRET"):
        telegram(secret="", take=Turns().take)


async def test_a_large_delivery_is_refused_by_its_length() -> None:
    assert (await deliver(Turns(), content=b" " * (MAX_BODY + 1))).status_code == 413


async def test_a_large_delivery_is_refused_though_it_tells_no_length() -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100_000
            yield b" " * 100_000

    assert (await deliver(Turns(), content=body())).status_code == 413
    assert sent < MAX_BODY + 200_000


@pytest.mark.parametrize("first", [b"", b"{", b'{"update_id": 1', json.dumps(UPDATE).encode()])
async def test_a_delivery_that_trickles_is_not_waited_for(
    first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.webhooks.READING", 0.1)

    async def body() -> AsyncIterator[bytes]:
        yield first
        while True:
            await asyncio.sleep(0.01)
            yield b" "

    turns = Turns()
    with capture_logs() as logs:
        answer = await deliver(turns, content=body())
    assert answer.status_code == 408
    assert [entry["status"] for entry in logs] == [408]
    assert turns.taken == []


async def test_a_length_of_thousands_of_digits_is_too_long() -> None:
    for length in ("9" * 10, "9" * 5_000):
        headers = {**HEADERS, "Content-Length": length}
        assert (await deliver(Turns(), content=b"{}", headers=headers)).status_code == 413


async def test_a_delivery_as_large_as_may_be_is_read() -> None:
    body = json.dumps(UPDATE).encode()
    answer = await deliver(Turns(), content=body + b" " * (MAX_BODY - len(body)))
    assert answer.status_code == 200


BAD: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": f'{{"text": "NIK saya {NIK}"'.encode(),
    "not UTF-8": b'{"update_id": "\xff\xfe"}',
    "not an object": json.dumps([NIK]).encode(),
    "endlessly deep": b'{"update_id":' + b"[" * 200_000,
    "no update": json.dumps({"message": {"text": NIK}}).encode(),
    "a message of another shape": json.dumps({"update_id": 1, "message": NIK}).encode(),
}


@pytest.mark.parametrize("label", BAD)
async def test_what_cannot_be_read_is_refused_and_not_quoted(label: str) -> None:
    turns = Turns()
    with capture_logs() as logs:
        answer = await deliver(turns, content=BAD[label])
    assert answer.status_code == 400
    assert turns.taken == []
    [entry] = logs
    assert (entry["event"], entry["channel"], entry["status"]) == (
        "delivery_refused",
        "telegram",
        400,
    )
    assert NIK not in repr(entry)


async def test_when_busy_the_provider_is_asked_to_come_again() -> None:
    turns = Turns(Busy("300 wait"))
    with capture_logs() as logs:
        answer = await deliver(turns, json=UPDATE)
    assert [entry["deliveries"] for entry in logs] == [[HEARD.provider_id]]
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == str(RETRY_AFTER)
    assert (await deliver(turns, json=UPDATE)).status_code == 200
    assert turns.taken == [replace(HEARD, address=encrypted("telegram", HEARD.address))]


async def test_our_own_mistake_is_not_a_yes() -> None:
    assert (await deliver(Turns(RuntimeError("a bug")), json=UPDATE)).status_code == 500


@asynccontextmanager
async def at_the_door(turns: Turns) -> AsyncIterator[str]:
    """Serve the webhook for real; gives its address."""
    app = Starlette(routes=telegram(secret=SECRET, take=turns.take))
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", ws="none", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/webhooks/telegram"
    server.should_exit = True
    await serving


@pytest.mark.servers
async def test_telegram_brings_again_what_was_not_taken_and_keeps_the_order() -> None:
    turns = Turns(Busy(), RuntimeError("a bug"), Busy())
    async with FakeBotApi(hurry=1000) as api, at_the_door(turns) as url:
        siti, budi = api.user(1001, "Siti"), api.user(1002, "Budi")
        said = [siti.say("satu"), siti.say("dua"), budi.say("tiga"), siti.say("empat")]
        async with httpx.AsyncClient() as client:
            await client.post(
                f"{api.url}/bot{api.token}/setWebhook", data={"url": url, "secret_token": SECRET}
            )
        await asyncio.gather(*said)
    texts = {
        person: [
            h.event.text
            for h in turns.taken
            if h.address == encrypted("telegram", person) and isinstance(h.event, Said)
        ]
        for person in ("1001", "1002")
    }
    assert texts == {"1001": ["satu", "dua", "empat"], "1002": ["tiga"]}
    # After a failure the server hangs up, perhaps on the next delivery too: that has no status.
    assert sorted(r for r in api.refusals if r[0].isdigit()) == [
        "500 Internal Server Error",
        "503 Service Unavailable",
        "503 Service Unavailable",
    ]


# Twilio

PUBLIC = "https://izin.example"
FORM = {
    "MessageSid": "SM" + "1" * 32,
    "From": "whatsapp:+6281200000001",
    "ExternalUserId": "whatsapp:ID.4566",
    "Body": "nasi uduk",
    "Baru": "",
}


async def deliver_whatsapp(
    turns: Turns, db: Database, *, path: str = "/webhooks/whatsapp", **request: Any
) -> httpx.Response:
    signature = Signature(PUBLIC, auth_token=TOKEN)
    app = Starlette(
        routes=whatsapp(signature, take=turns.take, addresses=Addresses(db), reports=Reports(db))
    )
    door = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=door, base_url="http://10.0.0.5:8000") as client:
        signed = {"X-Twilio-Signature": sign(PUBLIC + path, request.get("data", {}))}
        return await client.post(path, **{"headers": signed, **request})


async def test_what_twilio_delivers_is_taken_before_it_is_answered(db: Database) -> None:
    turns = Turns()
    answer = await deliver_whatsapp(turns, db, data=FORM)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [one.event for one in turns.taken] == [Said("nasi uduk")]
    assert to(turns.taken[0].address) == FORM["From"]


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": sign(f"{PUBLIC}/webhooks/whatsapp", {**FORM, "Body": "x"})},
        {
            "X-Twilio-Signature": sign("https://evil.example/webhooks/whatsapp", FORM),
            "Host": "evil.example",
            "X-Forwarded-Host": "evil.example",
        },
    ],
    ids=["none", "other words", "another host"],
)
async def test_what_twilio_has_not_signed_is_not_taken(
    forged: dict[str, str], db: Database
) -> None:
    turns = Turns()
    for path in ("/webhooks/whatsapp", "/webhooks/whatsapp/status?letter=1"):
        answer = await deliver_whatsapp(turns, db, path=path, data=FORM, headers=forged)
        assert answer.status_code == 403
    assert turns.taken == []


async def test_when_busy_twilio_is_asked_to_come_again_too(db: Database) -> None:
    turns = Turns(Busy("300 wait"))
    answer = await deliver_whatsapp(turns, db, data=FORM)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, str(RETRY_AFTER))
    assert (await deliver_whatsapp(turns, db, data=FORM)).status_code == 204


@pytest.mark.servers
async def test_while_the_record_is_away_twilio_is_asked_to_come_again() -> None:
    nowhere = Database("postgresql://izin@127.0.0.1:9/izin")
    turns = Turns()
    answer = await deliver_whatsapp(turns, nowhere, data=FORM)
    assert (answer.status_code, turns.taken) == (503, [])
    await nowhere.close()


async def test_what_is_no_form_of_twilios_is_refused_and_not_quoted(db: Database) -> None:
    for bad in ({"Body": NIK}, {"MessageSid": "SM1", "From": "whatsapp:x", "NumMedia": NIK}):
        with capture_logs() as logs:
            answer = await deliver_whatsapp(Turns(), db, data=bad)
        assert answer.status_code == 400
        assert NIK not in repr(logs)
    large = await deliver_whatsapp(Turns(), db, content=b"x" * (MAX_BODY + 1))
    assert large.status_code == 413


async def test_a_report_is_kept(db: Database) -> None:
    path = "/webhooks/whatsapp/status?letter=404"
    answer = await deliver_whatsapp(
        Turns(), db, path=path, data={"MessageSid": "SM1", "MessageStatus": "sent"}
    )
    assert answer.status_code == 204
    bad = await deliver_whatsapp(
        Turns(), db, path="/webhooks/whatsapp/status", data={"MessageSid": "SM1"}
    )
    assert bad.status_code == 400
