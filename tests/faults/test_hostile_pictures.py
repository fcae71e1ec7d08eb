"""Pictures that are small as files and enormous when decoded do not fill the bot's memory."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests import hostile_pictures as hostile
from tests.faults.stage import Stage, until

AT_ONCE = 12  # posts
MOST = 400  # MB that a process may hold, whatever is posted
KEPT = 1.2  # times what it held before
SLACK = 60  # MB more, for what Python itself keeps

#: What is decoded at the bound, and what is beyond it.
PICTURES: dict[str, Callable[[], bytes]] = {
    "PNG, RGBA, 7000 x 7000": lambda: hostile.png(7000, 7000),
    "PNG, RGBA, 4400 x 4400": lambda: hostile.png(4400, 4400),
    "PNG, RGBA, 16 bits, 4400 x 4400": lambda: hostile.png(4400, 4400, bits=16),
    "PNG, RGBA, interlaced, 4400 x 4400": lambda: hostile.png(4400, 4400, adam7=True),
    "PNG, RGBA, interlaced, 7000 x 7000": lambda: hostile.png(7000, 7000, adam7=True),
    "PNG, grey, 16 bits, 4400 x 4400": lambda: hostile.png(4400, 4400, hostile.GREY, bits=16),
    "PNG, grey with alpha, 4400 x 4400": lambda: hostile.png(4400, 4400, hostile.GREY_ALPHA),
    "PNG, palette, 4400 x 4400": lambda: hostile.png(4400, 4400, hostile.PALETTE, bits=2),
    "PNG, one row": lambda: hostile.png(50_000, 1),
    "PNG that is torn": lambda: hostile.png_that_is_torn(4400, 4400),
    "WEBP, 2500 x 2500": lambda: hostile.webp(2500, 2500),
    "WEBP, 7000 x 7000": lambda: hostile.webp(7000, 7000),
    "WEBP, 16383 x 8000": lambda: hostile.webp(16_383, 8000),
    "JPEG, progressive, 10000 x 10000": lambda: hostile.progressive(10_000, 10_000),
    "JPEG, progressive, grey, 6800 x 6800": lambda: hostile.progressive(6800, 6800, colours=1),
    "JPEG, progressive, grey, 80 scans": lambda: hostile.progressive(
        3000, 3000, colours=1, scans=80
    ),
    "JPEG, progressive, CMYK, 5000 x 5000": lambda: hostile.progressive(5000, 5000, colours=4),
}


def test_hostile_pictures_on_the_page_do_not_fill_the_memory(stage: Stage) -> None:
    process = Memory(stage.product.pid("serve"))
    post(stage, hostile.png(40, 40))  # what is loaded with the first picture is not theirs
    before, figures = process.now, {}
    for name, made in PICTURES.items():
        content = made()
        process.forget_peak()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            codes = list(threads.map(lambda content: post(stage, content), [content] * AT_ONCE))
        assert set(codes) == {422}, f"{name}: {codes}"
        figures[name] = process.peak, process.now
    print(f"\nbefore {before} MB; most and afterwards, of {AT_ONCE} posts at once:")
    for name, (most, after) in figures.items():
        print(f"{most:5} {after:5}  {name}")
    assert max(most for most, _ in figures.values()) < MOST
    assert max(after for _, after in figures.values()) < KEPT * before + SLACK
    stage.balance([])


def test_hostile_pictures_in_chat_do_not_fill_the_memory(stage: Stage) -> None:
    (owner,) = stage.owners(1, step=3)
    process = Memory(stage.product.pid("serve"))
    before = process.now
    process.forget_peak()
    large = hostile.png(4400, 4400, padding=19 * 1024 * 1024)
    sent = [*(made() for made in PICTURES.values()), *[large] * AT_ONCE]
    for place, content in enumerate(sent):
        owner.person.send_document(content, f"{place}.png", "image/png").result()
    until(
        lambda: fetched(stage) >= len(sent) and not files(stage, "= 'pending'"),
        "all to be fetched",
        lambda: fetched(stage),
    )
    bound = KEPT * before + SLACK
    until(lambda: process.now < bound, "the memory to be given back", lambda: f"{process.now} MB")
    most, after = process.peak, process.now
    print(f"\nbefore {before} MB, most {most} MB, afterwards {after} MB")
    assert most < MOST


def fetched(stage: Stage) -> int:
    """More than were sent if a delivery came again, since it waited too long: it has its own."""
    return files(stage, "!= 'pending'") - 1  # without that of the owner who went first


def files(stage: Stage, state: str) -> int:
    rows = stage.postgres.rows(f"SELECT count(*) FROM attachments WHERE state {state}")  # noqa: S608
    return int(rows[0][0])


class Memory:
    """What a process holds, in MB."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    @property
    def now(self) -> int:
        return self._figure("VmRSS")

    @property
    def peak(self) -> int:
        return self._figure("VmHWM")

    def forget_peak(self) -> None:
        (self._folder / "clear_refs").write_text("5")

    def _figure(self, name: str) -> int:
        found = re.search(rf"{name}:\s+(\d+) kB", (self._folder / "status").read_text())
        assert found, name
        return int(found[1]) // 1024


def post(stage: Stage, photo: bytes) -> int:
    """Fill the page in, with a NIK that is none, so that the link stays good."""
    token = secrets.token_urlsafe(24)
    stage.postgres.rows(
        "INSERT INTO identity_links (token_hash, person_id, holder_id, expires_at)"
        " SELECT %s, min(id), min(id), now() + interval '1 hour' FROM people",
        hashlib.sha256(token.encode()).digest(),
    )
    url = f"{stage.product.url}/identitas/{token}"
    with httpx.Client(timeout=180) as browser:
        browser.headers["X-Forwarded-For"] = f"192.0.2.{secrets.randbelow(250)}"
        found = re.search(r'name="csrf" value="([\w-]+)"', browser.get(url).text)
        assert found
        files = {"photo": ("ktp.png", photo, "image/png")}
        return browser.post(url, data={"csrf": found[1], "nik": "1"}, files=files).status_code
