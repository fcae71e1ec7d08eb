"""The pages for everybody in a real browser: two widths, keyboard, contrast, no script."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Engine

from conversations.catalogue import LOCALES
from models.lifecycle import VisitState
from tests.web.chromium import Tab, chromium, installed
from tests.web.site import Site
from tests.web.test_officers import NOON, card, visit

CHROMIUM = installed()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")

PATHS = ("/", "/?lang=en", "/privasi", "/dokumen?nomor=x", "/nothing")
WIDTHS = (360, 1280)
TARGET = 24  # CSS pixels; https://www.w3.org/TR/WCAG22/#target-size-minimum

#: Texts below the contrast of https://www.w3.org/TR/WCAG22/#contrast-minimum, and borders of
#: fields below that of https://www.w3.org/TR/WCAG22/#non-text-contrast, with their contrast.
FAINT = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    const said = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const read = contrast(style.color, ground(element));
    if (said && read < 4.5) found.push([element.outerHTML.slice(0, 60), read]);
    const border = contrast(style.borderTopColor, ground(element.parentElement));
    if (element.matches("input") && border < 3) found.push([element.id, border]);
  }
  return found;
})()"""

SMALL = f"""[...document.querySelectorAll("a, button, input:not([type=hidden])")]
  .filter((element) => getComputedStyle(element).display !== "inline")
  .map((element) => [element.outerHTML.slice(0, 60), element.getBoundingClientRect()])
  .filter(([, box]) => box.width < {TARGET} || box.height < {TARGET})
  .map(([name]) => name)"""

#: Names of elements that a keyboard reaches, in the order of the page.
REACHABLE = """[...document.querySelectorAll("a, button, input:not([type=hidden])")]
  .map((element) => element.textContent || element.id)"""
FOCUSED = """(() => {
  const style = getComputedStyle(document.activeElement);
  const marked = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
  return [document.activeElement.textContent || document.activeElement.id, marked];
})()"""


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    assert CHROMIUM is not None
    async with chromium(CHROMIUM, tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


async def test_pages_fit_and_can_be_read_at_both_widths(browser: Tab, address: str) -> None:
    for width in WIDTHS:
        await browser.size(width, 740, phone=width < 600)
        for path in PATHS:
            await _look(browser, address, path, width)


async def _look(browser: Tab, address: str, path: str, width: int) -> None:
    """Open a page, and see that it fits, can be read and touched, and has no script."""
    await browser.open(f"{address}{path}")
    wide = await browser.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, path
    assert await browser.evaluate(FAINT) == [], path
    assert await browser.evaluate(SMALL) == [], path
    assert await browser.evaluate("document.querySelectorAll('h1').length") == 1, path
    assert await browser.evaluate("document.scripts.length") == 0, path


async def test_the_page_of_a_badge_fits_and_can_be_read_at_both_widths(
    browser: Tab, address: str, engine: Engine, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.officers.now", lambda tx: NOON)
    browser.requests.clear()
    badge = card(engine, site)
    visit(engine, badge, VisitState.ACCEPTED)
    asked = ("", "cipete+utara", "tebet+barat", "kebayoran+baru", "bekasi", "w" * 200)
    paths = [f"{badge.path}?lang={lang}&kelurahan={said}" for lang in LOCALES for said in asked]
    for width in WIDTHS:
        await browser.size(width, 740, phone=width < 600)
        for path in (*paths, "/petugas/x"):
            await _look(browser, address, path, width)
    await browser.open(f"{address}{badge.path}?lang=en")
    await browser.click("document.querySelector('#kelurahan')")
    await browser.type("cipete")
    await browser.press("Tab")
    assert await browser.evaluate(FOCUSED) == ["Check the visit", True]
    await browser.click("document.activeElement")
    await browser.click("document.querySelector('.choices li:last-child a')")
    await browser.until("location.search.includes('31.74.07.1010')")
    await browser.until("document.querySelector('.document h2').textContent.startsWith('Yes')")
    await browser.until("document.querySelector('.portrait').naturalWidth > 300")
    assert all(url.startswith((address, "data:")) for url in browser.requests)


async def test_the_keyboard_reaches_everything_in_order_and_its_place_is_seen(
    browser: Tab, address: str
) -> None:
    await browser.size(1280, 800)
    await browser.open(f"{address}/")
    order = await browser.evaluate(REACHABLE)
    assert len(order) >= 10
    reached = []
    for _ in order:
        await browser.press("Tab")
        name, marked = await browser.evaluate(FOCUSED)
        assert marked, name
        reached.append(name)
    assert reached == order


async def test_a_number_is_checked_from_the_front_page(browser: Tab, address: str) -> None:
    await browser.size(360, 740, phone=True)
    await browser.open(f"{address}/")
    await browser.click("document.querySelector('#nomor')")
    await browser.type("iumk 2026 3174 000001")
    await browser.click("document.querySelector('.find button')")
    await browser.until("location.pathname === '/dokumen/IUMK-2026-3174-000001'")
    await browser.until("document.querySelector('.document.unknown h2') !== null")
