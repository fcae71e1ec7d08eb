"""The pages that officers show to owners, in a real browser: drawing, keyboard, a bad signal."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import identity, person
from models.attachment import Attachment
from models.identity import Identity
from tests.web.chromium import Failed, Tab, chromium, installed
from tests.web.site import PUBLIC_URL, Site
from tests.web.test_front_page import FAINT, SMALL, WIDTHS
from tests.web.test_signature import Form, state, waiting

CHROMIUM = installed()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")

#: Fields and canvases without a name, and ids that are there twice or point nowhere.
UNNAMED = """(() => {
  const found = [];
  for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    if (!field.labels.length) found.push(field.outerHTML);
  }
  for (const one of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    const ids = ["aria-labelledby", "aria-describedby"].map((name) => one.getAttribute(name) || "");
    for (const id of ids.join(" ").split(" ").filter(Boolean)) {
      if (document.querySelectorAll(`#${id}`).length !== 1) found.push(id);
    }
  }
  for (const image of document.images) if (!image.hasAttribute("alt")) found.push(image.outerHTML);
  return found;
})()"""
#: How much of the canvas is ink.
INK = """(() => {
  const canvas = document.querySelector("canvas");
  const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return all.filter((part, place) => place % 4 === 3 && part > 128).length / (all.length / 4);
})()"""
KEPT = "JSON.stringify(sessionStorage)"
SEND = "document.querySelector('form > button[type=submit]')"


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    assert CHROMIUM is not None
    async with chromium(CHROMIUM, tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
def form(engine: Engine, site: Site) -> Form:
    with Session(engine) as tx, tx.begin():
        return waiting(tx, site.storage)


async def draw(browser: Tab, *, touch: bool = False) -> None:
    """Draw a zigzag into the box, with a mouse or a finger."""
    await browser.evaluate("document.querySelector('canvas').scrollIntoView({block: 'center'})")
    left, top, wide, high = await browser.evaluate(
        "(() => { const box = document.querySelector('canvas').getBoundingClientRect();"
        " return [box.x, box.y, box.width, box.height]; })()"
    )
    points = [(left + wide * n / 12, top + high * (0.3 + 0.4 * (n % 2))) for n in range(2, 11)]
    if touch:
        for number, (x, y) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            await browser.command(
                "Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y}]
            )
        await browser.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        return
    for number, (x, y) in enumerate([*points, points[-1]]):
        kind = "mouseMoved" if number else "mousePressed"
        kind = "mouseReleased" if number == len(points) else kind
        await browser.command(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1
        )


async def send_without_signal(browser: Tab) -> None:
    """Send the form while nothing gets through, and come back to its page."""
    page = await browser.evaluate("location.href")
    await browser.offline(True)
    await browser.click(SEND)
    await browser.until("location.protocol === 'chrome-error:'")
    await browser.offline(False)
    await browser.open(page)


async def test_the_pages_fit_can_be_read_and_name_everything_at_both_widths(
    browser: Tab, address: str, form: Form
) -> None:
    sign = f"/tanda-tangan/{form.token}"
    for width in WIDTHS:
        await browser.size(width, 740, phone=width < 600)
        for path in (
            "/k/BCD234",
            "/k/BCD234?lang=en",
            "/k/x",
            "/p/317405",
            "/p/x?lang=en",
            sign,
            f"{sign}?lang=en",
        ):
            await browser.open(f"{address}{path}")
            wide = await browser.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path
            for claim in (FAINT, SMALL, UNNAMED):
                assert await browser.evaluate(claim) == [], path
            assert await browser.evaluate("document.querySelectorAll('h1').length") == 1, path


async def test_the_qr_code_leads_to_its_own_page(
    browser: Tab, address: str, tmp_path: Path
) -> None:
    await browser.size(360, 740, phone=True)
    await browser.open(f"{address}/k/bcd-234?lang=en")
    await browser.evaluate("document.querySelector('.qr').scrollIntoView()")
    await browser.screenshot(tmp_path / "page.png")
    (code,) = zxingcpp.read_barcodes(Image.open(tmp_path / "page.png"))
    assert code.text == f"{PUBLIC_URL}/k/BCD234"


@pytest.mark.parametrize("path", ["/k/BCD234", "/p/317405"])
async def test_a_keyboard_reaches_both_chats(browser: Tab, address: str, path: str) -> None:
    await browser.size(1280, 800)
    await browser.open(f"{address}{path}")
    reached = []
    for _ in range(2):
        await browser.press("Tab")
        reached.append(await browser.evaluate("document.activeElement.hostname"))
    assert reached == ["wa.me", "t.me"]


@pytest.mark.parametrize("touch", [True, False], ids=["finger", "mouse"])
async def test_a_signature_is_drawn_cleared_drawn_again_and_sent(
    browser: Tab, address: str, form: Form, engine: Engine, site: Site, touch: bool
) -> None:
    await browser.size(360, 740, phone=touch)
    await browser.open(f"{address}/tanda-tangan/{form.token}")
    assert await browser.evaluate("document.querySelector('details').open") is False
    await draw(browser, touch=touch)
    assert await browser.evaluate(INK) > 0.005
    await browser.click("document.querySelector('.pad button')")
    assert await browser.evaluate(INK) == 0
    await draw(browser, touch=touch)
    await browser.click(SEND)
    await browser.until("location.pathname === '/tanda-tangan/selesai'")
    await browser.until(f"{KEPT} === '{{}}'")
    assert state(engine, form) == ("sent", "signature")
    with Session(engine) as tx:
        path = tx.scalars(select(Attachment.path).where(Attachment.kind == "signature")).one()
    with Image.open(io.BytesIO(site.storage.read(path or ""))) as image:
        shades = image.histogram()
    assert sum(shades[:128]) > 0.005 * sum(shades)


async def test_a_name_is_typed_and_agreed_to_with_the_keyboard_alone(
    browser: Tab, address: str, form: Form, engine: Engine
) -> None:
    await browser.size(1280, 800)
    await browser.open(f"{address}/tanda-tangan/{form.token}")

    async def to(selector: str) -> None:
        for _ in range(12):
            await browser.press("Tab")
            if await browser.evaluate(f"document.activeElement.matches('{selector}')"):
                return
        raise Failed(f"the keyboard does not reach {selector}")

    await to("summary")
    await browser.press("Enter")
    await to("#name")
    await browser.type("Siti Aminah")
    await to("[name=agree]")
    await browser.press(" ")
    await to("[type=submit]")
    await browser.press("Enter")
    await browser.until("location.pathname === '/tanda-tangan/selesai'")
    assert state(engine, form) == ("sent", "signature")


async def test_what_is_drawn_survives_a_bad_signal_a_turned_phone_and_a_missing_tick(
    browser: Tab, address: str, form: Form, engine: Engine
) -> None:
    await browser.size(360, 740, phone=True)
    await browser.open(f"{address}/tanda-tangan/{form.token}")
    await browser.click(SEND)
    await browser.until("document.querySelector('.problems') !== null")
    await draw(browser, touch=True)
    drawn = await browser.evaluate(INK)
    await send_without_signal(browser)
    assert await browser.evaluate(INK) == pytest.approx(drawn, rel=0.05)
    await browser.size(740, 360, phone=True)
    await browser.until(f"{INK} > 0.003")
    await browser.size(360, 740, phone=True)
    await browser.click(SEND)
    await browser.until("location.pathname === '/tanda-tangan/selesai'")
    assert state(engine, form) == ("sent", "signature")


async def test_the_identity_form_keeps_what_was_typed_until_it_was_sent(
    browser: Tab, address: str, engine: Engine
) -> None:
    with Session(engine) as tx, tx.begin():
        owner = person.meet(tx, "telegram", [("1", "id")])["1"]
        token = identity.link(tx, person_id=owner, holder_id=owner)
    await browser.size(360, 740, phone=True)
    await browser.open(f"{address}/identitas/{token}")
    typed = {
        "name": "Siti Aminah",
        "nik": "3174074703840002",
        "day": "7",
        "year": "1984",
        "address": "Jl. Kebon Jeruk 12",
    }
    for name, value in typed.items():
        await browser.click(f"document.querySelector('[name={name}]')")
        await browser.type(value)
    await browser.evaluate(
        "(() => { const month = document.querySelector('[name=month]'); month.value = '3';"
        " month.dispatchEvent(new Event('input')); })()"
    )
    await send_without_signal(browser)
    fields = "Object.fromEntries(new FormData(document.forms[0]))"
    again = await browser.evaluate(fields)
    shown = typed | {"nik": "3174 0747 0384 0002", "month": "3"}
    assert {name: again[name] for name in shown} == shown
    await browser.click(SEND)
    await browser.until("location.pathname === '/identitas/selesai'")
    await browser.until(f"{KEPT} === '{{}}'")
    with Session(engine) as tx:
        assert tx.scalars(select(Identity.nik)).one() == "3174074703840002"


async def test_a_link_that_is_over_makes_the_tab_forget(
    browser: Tab, address: str, form: Form
) -> None:
    await browser.open(f"{address}/k/BCD234")
    await browser.evaluate("sessionStorage.setItem('form:/identitas/x', '{\"name\":\"Siti\"}')")
    await browser.open(f"{address}/identitas/x")
    await browser.until(f"{KEPT} === '{{}}'")
