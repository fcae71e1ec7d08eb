"""The pages of a letter in a real browser: they fit, are read aloud, and work with the keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.dossier import Dossier, LenderAnswer
from tests import letters
from tests.clock import now
from tests.letters import Letter, Signing
from tests.web.chromium import Failed, Tab, chromium, installed
from tests.web.site import Site
from tests.web.test_assisted_pages import INK, SEND, UNNAMED, draw
from tests.web.test_front_page import FAINT, SMALL, WIDTHS

CHROMIUM = installed()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    assert CHROMIUM is not None
    async with chromium(CHROMIUM, tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
def letter(engine: Engine, site: Site) -> Letter:
    with Session(engine) as tx, tx.begin():
        return letters.letter(tx, site.storage)


@pytest.fixture
def visit(engine: Engine, site: Site) -> Signing:
    with Session(engine) as tx, tx.begin():
        return letters.signing(tx, site.storage)


def told(engine: Engine) -> list[str]:
    with Session(engine) as tx:
        return list(tx.scalars(select(LenderAnswer.outcome).order_by(LenderAnswer.id)))


async def check(browser: Tab, width: int, what: str) -> None:
    """The open page fits, has enough contrast and large targets, and names everything."""
    assert await browser.evaluate("document.documentElement.scrollWidth") <= width, what
    for claim in (FAINT, SMALL, UNNAMED):
        assert await browser.evaluate(claim) == [], what
    assert await browser.evaluate("document.querySelectorAll('h1').length") == 1, what


async def to(browser: Tab, selector: str) -> None:
    for _ in range(20):
        await browser.press("Tab")
        if await browser.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    raise Failed(f"the keyboard does not reach {selector}")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["id", "en"])
async def test_every_state_of_the_lender_s_page_fits_and_can_be_read(
    browser: Tab, address: str, letter: Letter, engine: Engine, width: int, lang: str
) -> None:
    await browser.size(width, 740, phone=width < 600)
    page = f"{address}/kreditur/{letter.code}?lang={lang}"
    await browser.open(page)
    await check(browser, width, "open")
    await browser.evaluate("document.querySelector('#pin').value = '12345'")
    await browser.click("document.querySelector('.find button')")
    await browser.until("document.querySelector('#problem') !== null")
    await check(browser, width, "digits")
    await browser.open(page)
    await browser.click("document.querySelector('[value=refused]')")
    await browser.until("document.querySelector('[name=sure]') !== null")
    await check(browser, width, "asked")
    await browser.click("document.querySelector('[name=answer]')")
    await browser.until("document.querySelector('.valid') !== null")
    await check(browser, width, "answered")
    assert told(engine) == ["refused"]
    with Session(engine) as tx, tx.begin():
        tx.get_one(Dossier, letter.case).withdrawn_at = now()
    await browser.open(page)
    await check(browser, width, "withdrawn")
    await browser.open(f"{address}/kreditur/x?lang={lang}")
    await check(browser, width, "gone")


async def test_an_answer_is_given_and_taken_back_with_the_keyboard_alone(
    browser: Tab, address: str, letter: Letter, engine: Engine
) -> None:
    await browser.size(1280, 800)
    await browser.open(f"{address}/kreditur/{letter.code}")
    await to(browser, "[value=refused]")
    await browser.press("Enter")
    await browser.until("document.querySelector('[name=sure]') !== null")
    await to(browser, "a.quiet")
    await browser.press("Enter")
    await browser.until("document.querySelector('[value=longer]') !== null")
    assert told(engine) == []
    await to(browser, "[value=longer]")
    await browser.press("Enter")
    await browser.until("document.querySelector('[name=sure]') !== null")
    await to(browser, "[name=answer]")
    await browser.press("Enter")
    await browser.until("document.querySelector('.valid') !== null")
    assert told(engine) == ["longer"]


async def test_enter_in_the_field_of_the_digits_sends_them_and_no_answer(
    browser: Tab, address: str, letter: Letter, engine: Engine
) -> None:
    await browser.size(1280, 800)
    await browser.open(f"{address}/kreditur/{letter.code}")
    await to(browser, "#pin")
    await browser.type("12345")
    await browser.press("Enter")
    await browser.until("document.querySelector('#problem') !== null")
    assert told(engine) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["id", "en"])
async def test_the_page_on_which_a_letter_is_signed_fits_and_can_be_read(
    browser: Tab, address: str, visit: Signing, width: int, lang: str
) -> None:
    await browser.size(width, 740, phone=width < 600)
    await browser.open(f"{address}/tanda-tangan-surat/{visit.token}?lang={lang}")
    await check(browser, width, "letter")
    await browser.click(SEND)
    await browser.until("document.querySelector('.problems') !== null")
    await check(browser, width, "empty")


@pytest.mark.parametrize("touch", [True, False], ids=["finger", "mouse"])
async def test_a_letter_is_signed_with_a_finger_or_a_mouse(
    browser: Tab, address: str, visit: Signing, engine: Engine, touch: bool
) -> None:
    await browser.size(360, 740, phone=touch)
    await browser.open(f"{address}/tanda-tangan-surat/{visit.token}")
    await draw(browser, touch=touch)
    assert await browser.evaluate(INK) > 0.005
    await browser.click(SEND)
    await browser.until("location.pathname === '/tanda-tangan-surat/selesai'")
    await browser.until("JSON.stringify(sessionStorage) === '{}'")
    with Session(engine) as tx:
        assert tx.get_one(Dossier, visit.letter.case).signature_id is not None
