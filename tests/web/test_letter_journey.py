"""A letter over its two pages: signed on a phone, then read and answered by a lender."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader
from redis.asyncio import Redis

from models.infrastructure import encryption
from models.infrastructure.database import Database
from models.infrastructure.key_ring import KeyRing
from tests.bot.conftest import KEY
from tests.bot.conftest import desk as desk
from tests.bot.conftest import hours as hours
from tests.bot.conftest import town as town
from tests.bot.conftest import within as within
from tests.bot.test_letters import dossier, sign, the_case, written
from tests.bot.town import OFFICER, OWNER, Town, words
from tests.web.site import build
from tests.web.test_lender import hidden
from tests.web.test_signature import data, drawn


@pytest.fixture(autouse=True)
def _keys() -> None:
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))


@pytest.fixture
async def client(
    town: Town, db: Database, redis: Redis, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the pages, which share the bot's rows and files."""
    site = build(db, redis, tmp_path, town.desk.media.storage)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site.app), base_url="http://izin.test"
    ) as browser:
        yield browser


async def test_a_letter_is_signed_on_a_phone_and_the_lender_reads_and_answers_it(
    town: Town, client: httpx.AsyncClient
) -> None:
    await written(town)
    await sign(town, on="screen")
    path = found(r"(/tanda-tangan-surat/\S+)", town.heard(OFFICER))
    page = await client.get(path)
    fields = hidden(page) | {"drawing": data(drawn())}
    answer = await client.post(path, files={name: (None, said) for name, said in fields.items()})
    assert answer.status_code == 303
    await town.quiet()
    await town.tap("yes", OFFICER, step="signed")
    await town.work()
    assert (the_case(town).stage, dossier(town).signed_how) == ("delivery", "screen")

    row = dossier(town)
    page = await client.get(f"/kreditur/{row.desk_code.lower()}")
    assert "S. A." in page.text and "850" not in page.text and "BRI" not in page.text
    given = await client.post(
        f"/kreditur/{row.desk_code}/surat", data=hidden(page) | {"pin": row.pin}
    )
    assert given.status_code == 200
    letter = PdfReader(io.BytesIO(given.content))
    text = "".join(one.extract_text() for one in letter.pages)
    assert (
        "DRAF" not in text and row.pin in flat(text) and f"/kreditur/{row.desk_code}" in flat(text)
    )
    assert any(image for one in letter.pages for image in one.images)

    page = await client.post(f"/kreditur/{row.desk_code}", data=hidden(page) | {"answer": "longer"})
    page = await client.post(f"/kreditur/{row.desk_code}", data=hidden(page) | {"answer": "longer"})
    assert page.status_code == 303
    await town.quiet()
    assert (the_case(town).stage, dossier(town).answered_by) == ("trust", "lender")
    assert words("lender_answer.instalment") in town.heard(OWNER)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


def flat(text: str) -> str:
    """A text without the breaks of lines, which split addresses."""
    return re.sub(r"\s", "", text)
