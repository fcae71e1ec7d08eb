"""The demo page in a real browser: its phones, live, on a desk and on a small phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from bot.channels.base import InboundMessage
from conversations.events import Located, Said, SharedContact, Started, Tapped, Uploaded
from conversations.messages import Button, Message, Question, Say
from demo import sample_portrait
from tests.outgoing_messages import outgoing
from tests.web.chromium import Tab, chromium, installed
from tests.web.site import Site

CHROMIUM = installed()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")

OWNER = "document.querySelector('#phone-owner')"
OFFICER = "document.querySelector('#phone-officer')"
QUESTION = Question("demo", "", "start", 1)


@pytest.fixture(scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    assert CHROMIUM is not None
    async with chromium(CHROMIUM, tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture
async def tab(browser: Tab, address: str, site: Site) -> AsyncIterator[Tab]:
    """The demo page on a desk, all caught up. Errors and foreign requests fail the test."""
    site.bot.answer = lambda heard: site.channel.send(outgoing(heard.address, reply(heard)))
    browser.problems.clear()
    browser.requests.clear()
    await browser.size(1280, 800)
    await browser.open(f"{address}/demo")
    await caught_up(browser)
    yield browser
    await browser.open("about:blank")
    foreign = [url for url in browser.requests if not url.startswith((address, "blob:", "about:"))]
    assert (browser.problems, foreign) == ([], [])


def reply(heard: InboundMessage) -> Message:
    """What the stand-in says: words that name what it heard, with a button and a wish."""
    said = heard.event.text if isinstance(heard.event, Said) else type(heard.event).__name__
    return Message(
        (Say("pages.document.state.unknown.text", {"number": said}),),
        (Button("go", "Setuju, mulai"),),
        QUESTION,
        wish="location",
    )


async def caught_up(tab: Tab) -> None:
    await tab.until("[...document.querySelectorAll('.log')].every(log => log.ariaBusy === 'false')")


def button(words: str, phone: str = OWNER) -> str:
    return f"[...{phone}.querySelectorAll('button')].filter(b => b.textContent === '{words}').pop()"


def bubbles(count: int, phone: str = OWNER) -> str:
    """The claim that a phone shows so many bubbles, none of them waiting to be sent."""
    shown = f"{phone}.querySelectorAll('.bubbles .bubble').length === {count}"
    return f"{shown} && !{phone}.querySelector('.pending .bubble')"


def heard(site: Site) -> list[object]:
    return [one.event for one in site.bot.heard]


async def test_an_owner_starts_taps_and_types(tab: Tab, site: Site) -> None:
    await tab.click(f"{OWNER}.querySelector('.start')")
    await tab.until(bubbles(2))
    await tab.click(button("Setuju, mulai"))
    await tab.until(bubbles(4))
    await tab.click(f"{OWNER}.querySelector('textarea')")
    await tab.type("nasi <b>uduk</b> 🍚\nhttps://contoh.test/a?b=1.")
    await tab.press("Enter")
    await tab.until(bubbles(6))
    assert heard(site) == [
        Started(),
        Tapped("demo", "", "start", 1, "go"),
        Said("nasi <b>uduk</b> 🍚\nhttps://contoh.test/a?b=1."),
    ]
    mine = await tab.evaluate(f"[...{OWNER}.querySelectorAll('.mine p')].map(p => p.textContent)")
    assert mine == ["Mulai", "Setuju, mulai", "nasi <b>uduk</b> 🍚\nhttps://contoh.test/a?b=1."]
    assert await tab.evaluate(f"{OWNER}.querySelectorAll('.words b').length") == 0
    links = f"[...{OWNER}.querySelectorAll('.words p a')].map(a => [a.href, a.target, a.rel])"
    assert (await tab.evaluate(links))[0] == [
        "https://contoh.test/a?b=1",
        "_blank",
        "noopener noreferrer",
    ]
    assert await tab.evaluate(f"{OFFICER}.querySelectorAll('.bubble').length") == 0


async def test_a_picture_of_the_bot_is_seen_over_its_words(tab: Tab, site: Site) -> None:
    site.storage.write("portraits/1.jpg", sample_portrait.draw("Rahmat Hidayat", "0417"))
    message = Message((Say("pages.demo.title"),), picture="portraits/1.jpg")
    await site.channel.send(outgoing("demo-owner", message))
    await tab.until(bubbles(1))
    seen = f"{OWNER}.querySelector('.bubble:not(.mine) .words img')"
    await tab.until(f"{seen}.complete && {seen}.naturalWidth === 800")
    assert await tab.evaluate(f"{seen}.getBoundingClientRect().width > 100")
    assert await tab.evaluate(f"{seen}.alt !== ''")


async def test_a_reload_shows_the_whole_chat_once_and_old_buttons_still_work(
    tab: Tab, site: Site
) -> None:
    await tab.click(f"{OWNER}.querySelector('.start')")
    await tab.until(bubbles(2))
    await tab.click(button("Setuju, mulai"))
    await tab.until(bubbles(4))
    await tab.command("Page.reload")
    await caught_up(tab)
    await tab.until(bubbles(4))
    await tab.click(f"{OWNER}.querySelector('.choices button')")
    await tab.until(bubbles(6))
    assert len(site.bot.heard) == 3


async def test_a_double_click_is_one_tap(tab: Tab, site: Site) -> None:
    await site.channel.send(outgoing("demo-owner", reply(_any())))
    await tab.until(bubbles(1))
    await tab.evaluate(f"(b => {{ b.click(); b.click(); }})({button('Setuju, mulai')})")
    await tab.until(bubbles(3))
    assert len(heard(site)) == 1


async def test_photos_locations_and_the_number_are_sent(
    tab: Tab, site: Site, tmp_path: Path
) -> None:
    large = tmp_path / "besar.png"
    Image.effect_noise((2400, 1800), 40).save(large)
    await tab.choose_file("#phone-owner .attach input", large)
    await tab.until(bubbles(2))
    await tab.click(f"{OWNER}.querySelector('.clip')")
    await tab.click(f"{OWNER}.querySelector('.sample')")
    await tab.until(bubbles(4))
    await tab.click(f"{OWNER}.querySelector('.clip')")
    await tab.click(f"{OWNER}.querySelector('.share')")
    await tab.until(bubbles(6))
    await tab.click(f"[...{OWNER}.querySelectorAll('.wish')].pop()")
    await tab.until("document.querySelector('#place canvas')")
    await tab.click("document.querySelector('#place input')")
    await tab.type("cipete utara")
    await tab.press("Enter")
    await tab.until("!document.querySelector('#place .choose').disabled")
    near = await tab.evaluate("document.querySelector('#place .chosen').textContent")
    assert near == "Dekat Cipete Utara, Kebayoran Baru"
    await tab.click("document.querySelector('#place .choose')")
    await tab.until(bubbles(8))
    photo, sample, contact, location = heard(site)
    assert isinstance(photo, Uploaded)
    assert isinstance(sample, Uploaded)
    assert isinstance(contact, SharedContact)
    assert isinstance(location, Located)
    assert (round(location.lat, 1), round(location.lon, 1)) == (-6.3, 106.8)
    media = site.bot.heard[0].media
    assert media is not None
    with Image.open(
        _write(tmp_path, await site.channel.fetch(media.reference, at_most=10**7))
    ) as kept:
        assert (kept.format, kept.size) == ("JPEG", (1600, 1200))
    loaded = f"[...{OWNER}.querySelectorAll('img')].every(i => i.complete && i.naturalWidth > 99)"
    await tab.until(loaded)


async def test_what_is_written_without_a_connection_arrives_in_order_once(
    tab: Tab, site: Site
) -> None:
    await tab.offline(True)
    for words in ("satu", "dua", "tiga"):
        await tab.click(f"{OWNER}.querySelector('textarea')")
        await tab.type(words)
        await tab.press("Enter")
    await tab.until(f"{OWNER}.querySelector('.pending .note').textContent.includes('terputus')")
    await tab.offline(False)
    await tab.until(bubbles(6))
    assert heard(site) == [Said("satu"), Said("dua"), Said("tiga")]
    tab.problems.clear()  # Chromium tells of each try without a connection


async def test_a_small_phone_shows_one_phone_at_a_time_with_large_targets(
    tab: Tab, site: Site, address: str
) -> None:
    await tab.size(360, 740, phone=True)
    await tab.open(f"{address}/demo")
    await caught_up(tab)
    assert await tab.evaluate("document.documentElement.scrollWidth") == 360
    seen = "[...document.querySelectorAll('.phone')].filter(p => p.offsetWidth).map(p => p.id)"
    assert await tab.evaluate(seen) == ["phone-owner"]
    await site.channel.send(outgoing("demo-officer", reply(_any())))
    await tab.until("!document.querySelector('#tab-officer .unread').hidden")
    await tab.click("document.querySelector('#tab-officer')")
    assert await tab.evaluate(seen) == ["phone-officer"]
    assert await tab.evaluate("document.querySelector('#tab-officer .unread').hidden")
    small = (
        "[...document.querySelectorAll('.phone.shown button, .phone.shown textarea, [role=tab]')]"
        ".filter(e => e.offsetWidth && e.offsetHeight < 44).map(e => e.outerHTML)"
    )
    assert await tab.evaluate(small) == []
    fonts = (
        "[...document.querySelectorAll('input, textarea')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(await tab.evaluate(fonts)) >= 16  # below that, iPhones zoom in
    composer = "document.querySelector('.phone.shown .composer').getBoundingClientRect()"
    end = f"Math.round({composer}.bottom)"
    assert await tab.evaluate(end) == 740
    await tab.size(360, 400, phone=True)  # a keyboard is up
    await tab.until(f"{end} === 400")
    last = f"{OFFICER}.querySelector('.bubbles .bubble:last-child').getBoundingClientRect().bottom"
    await tab.until(f"{last} <= {OFFICER}.querySelector('.composer').getBoundingClientRect().top")


async def test_a_button_opens_another_owners_phone(tab: Tab, site: Site) -> None:
    await tab.click("document.querySelector('.phones .another')")
    await tab.until("document.querySelector('#phone-owner-2')")
    await caught_up(tab)
    shown = "[...document.querySelectorAll('.phone')].map(p => p.getBoundingClientRect().right)"
    assert max(await tab.evaluate(shown)) <= 1280
    second = "document.querySelector('#phone-owner-2')"
    assert await tab.evaluate(f"{second}.querySelector('.role').textContent") == "Pemilik 2"
    await tab.click(f"{second}.querySelector('.start')")
    await tab.until(bubbles(2, second))
    await tab.click(f"{OWNER}.querySelector('.start')")
    await tab.until(bubbles(2))
    assert [one.address for one in site.bot.heard] == ["demo-owner-2", "demo-owner"]
    for phone in (OWNER, second):
        assert await tab.evaluate(bubbles(2, phone)), "each phone has its own chat"


async def test_six_phones_on_a_small_phone(tab: Tab, site: Site, address: str) -> None:
    await tab.size(360, 740, phone=True)
    await tab.open(f"{address}/demo?more=2")
    await caught_up(tab)
    await tab.click("document.querySelector('.bar .another')")
    await tab.until("document.querySelector('#phone-owner-4')")
    await caught_up(tab)
    assert await tab.evaluate("document.documentElement.scrollWidth") == 360
    seen = "[...document.querySelectorAll('.phone')].filter(p => p.offsetWidth).map(p => p.id)"
    assert await tab.evaluate(seen) == ["phone-owner-4"]
    chosen = "document.querySelector('[role=tab][aria-selected=true]')"
    assert await tab.evaluate(f"{chosen}.id") == "tab-owner-4"
    assert await tab.evaluate(f"Math.round({chosen}.getBoundingClientRect().right)") <= 360
    await tab.evaluate(f"{chosen}.focus()")
    await tab.press("ArrowRight")
    assert await tab.evaluate(seen) == ["phone-owner"]
    assert await tab.evaluate(f"document.activeElement === {chosen}")
    await site.channel.send(outgoing("demo-owner-3", reply(_any())))
    await tab.until("!document.querySelector('#tab-owner-3 .unread').hidden")
    assert await tab.evaluate("document.querySelector('#tab-owner-4 .unread').hidden")


async def test_words_can_be_read_against_their_ground(tab: Tab, site: Site) -> None:
    await site.channel.send(outgoing("demo-owner", reply(_any())))
    await tab.until(bubbles(1))
    await tab.click(f"{OFFICER}.querySelector('.start')")
    await tab.until(bubbles(2, OFFICER))
    assert await tab.evaluate("document.querySelector('.phones .another').offsetWidth > 0")
    faint = await tab.evaluate(_CONTRAST)
    assert faint == []


def _any() -> InboundMessage:
    return InboundMessage("browser", "demo-owner", "x", Said("contoh"))


def _write(folder: Path, content: bytes) -> Path:
    file = folder / "kept"
    file.write_bytes(content)
    return file


# Every visible text whose contrast with the nearest ground behind it is below 4.5 (WCAG 2 AA).
_CONTRAST = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.offsetWidth) continue;
    const pair = [light(numbers(getComputedStyle(element).color)), light(ground(element))].sort();
    const contrast = (pair[1] + 0.05) / (pair[0] + 0.05);
    if (contrast < 4.5) faint.push([walk.currentNode.data.trim(), contrast.toFixed(2)]);
  }
  return faint;
})()"""
