"""The fake Twilio is as strict as the real one; asked by Twilio's own client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from bot.channels.whatsapp.transport import Transport
from tests.providers.twilio_api import ACCOUNT, SENDER, TOKEN, FakeTwilio, Person, sign

PHONE = "+6281200000001"
TO, FROM = f"whatsapp:{PHONE}", f"whatsapp:{SENDER}"


@pytest.fixture
async def api() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as api:
        yield api


@pytest.fixture
async def client(api: FakeTwilio) -> AsyncIterator[Any]:
    transport = Transport(api.url)
    yield Client(ACCOUNT, TOKEN, http_client=transport)
    await transport.close()


@pytest.fixture
def siti(api: FakeTwilio) -> Person:
    person = api.user(PHONE)
    person.heard_at = api.now()
    return person


async def create(client: Any, **given: Any) -> Any:
    return await client.messages.create_async(**{"to": TO, "from_": FROM, **given})


CONTENT = {
    "friendly_name": "izin_ya",
    "language": "id",
    "variables": {"1": "Setuju?", "2": "Ya", "3": "yes"},
    "types": {
        "twilio/quick-reply": {
            "body": "{{1}}",
            "actions": [{"type": "QUICK_REPLY", "title": "{{2}}", "id": "{{3}}"}],
        }
    },
}


async def content(client: Any, given: Any = CONTENT) -> str:
    request = ContentList.ContentCreateRequest(given)
    return str((await client.content.v1.contents.create_async(request)).sid)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": "whatsapp:081200000001"}, 21211),
        ({"to": PHONE}, 21211),
        ({"to": "whatsapp:+6281200000009"}, 63003),
        ({"from_": SENDER}, 63007),
        ({"body": ""}, 21619),
        ({"body": "x" * 1601}, 21617),
        ({"body": "🏠" * 801}, 21617),
        ({"content_variables": "{}"}, 21654),
        ({"body": None, "content_sid": "HX1"}, 21655),
        ({"status_callback": "berkas"}, 21609),
    ],
    ids=str,
)
async def test_what_twilio_refuses_is_refused(
    client: Any, siti: Person, given: dict[str, Any], code: int
) -> None:
    given = {"body": "Halo", **given}
    with pytest.raises(TwilioRestException) as raised:
        await create(client, **{name: one for name, one in given.items() if one is not None})
    assert raised.value.code == code
    assert siti.bubbles == []


async def test_a_parameter_of_nobody_s_is_refused(api: FakeTwilio, siti: Person) -> None:
    async with httpx.AsyncClient(auth=(ACCOUNT, TOKEN)) as http:
        url = f"{api.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        fields = {"To": TO, "From": FROM, "Body": "x", "Buttons": "[]"}
        answer = await http.post(url, data=fields)
        assert (answer.status_code, answer.json()["message"]) == (
            400,
            "unknown parameters: ['Buttons']",
        )
        assert (await http.get(url, params={"Body": "x"})).status_code == 400
        assert (await http.get(url, auth=(ACCOUNT, "wrong"))).json()["code"] == 20003


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"1": "a\nb"}, 21656),
        ({"1": "a\tb"}, 21656),
        ({"1": "a     b"}, 21656),
        ({"1": ""}, 21656),
        ({"1": "x" * 1601}, 21658),
        ({"1": "x" * 1025}, 63013),
        ({"2": "x" * 21}, 63013),
        ({"3": "x" * 201}, 63013),
    ],
    ids=lambda one: str(one)[:20],
)
async def test_variables_keep_their_limits(
    client: Any, siti: Person, variables: dict[str, str], code: int
) -> None:
    sid = await content(client)
    with pytest.raises(TwilioRestException) as raised:
        await create(client, content_sid=sid, content_variables=json.dumps(variables))
    assert raised.value.code == code


async def test_content_lives_until_it_is_deleted(client: Any, siti: Person) -> None:
    sid = await content(client)
    assert [one.sid for one in await client.content.v1.contents.list_async()] == [sid]
    assert (await client.content.v1.contents(sid).fetch_async()).friendly_name == "izin_ya"
    approval = await client.content.v1.contents(sid).approval_fetch().fetch_async()
    assert approval.whatsapp["status"] == "unsubmitted"
    assert await client.content.v1.contents(sid).delete_async()
    with pytest.raises(TwilioRestException) as raised:
        await create(client, content_sid=sid)
    assert raised.value.code == 21655


async def test_content_needs_a_sample_of_each_variable(client: Any) -> None:
    with pytest.raises(TwilioRestException):
        await content(client, {**CONTENT, "variables": {"1": "x"}})


async def test_after_a_day_only_what_is_approved_arrives(
    client: Any, api: FakeTwilio, siti: Person
) -> None:
    sid = await content(client)
    api.ahead = timedelta(hours=24)
    free = await create(client, body="Halo")
    held = await create(client, content_sid=sid)
    api.approved.add(sid)
    await create(client, content_sid=sid)
    siti.wait_for("Setuju?", 5).result()
    assert siti.texts == ["Setuju?"]
    for one in (free, held):
        found = await client.messages(one.sid).fetch_async()
        assert (found.status, found.error_code) == ("failed", 63016)


async def test_messages_are_listed_newest_first_and_by_the_time_of_sending(
    client: Any, api: FakeTwilio, siti: Person
) -> None:
    for text in ("satu", "dua"):
        await create(client, body=text)
    siti.wait_for("dua", 5).result()
    listed = await client.messages.list_async(to=TO)
    assert [one.body for one in listed] == ["dua", "satu"]
    assert listed[0].date_created.tzinfo is not None
    api.delivery = lambda message: 63018
    await create(client, body="tiga")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    sent = await client.messages.list_async(to=TO, date_sent_after=yesterday)
    assert [one.body for one in sent] == ["dua", "satu"], "what was not sent has no such time"


def test_deliveries_are_signed_as_twilios_own_validator_wants() -> None:
    url, fields = "https://izin.example/webhooks/whatsapp?a=1", {"B": "", "A": "Äé 🌸"}
    assert RequestValidator(TOKEN).validate(url, fields, sign(url, fields))
    shared = sign(url, fields, "k", "sha256")
    assert RequestValidator("k").validate(url, fields, shared, "HMAC_SHA256")
