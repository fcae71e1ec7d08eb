"""A real browser for the tests: headless Chromium, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from demo.embedded import CLOCK

PATIENCE = 45.0  # seconds for anything on a page to come true
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)


def installed() -> str | None:
    """Where Chromium is, if it is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Failed(AssertionError):
    """The page did not do what it should."""


@dataclass(slots=True)
class Tab:
    """One page at one size. `problems` collects errors, refused requests and foreign addresses."""

    socket: aiohttp.ClientWebSocketResponse
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    numbers: Any = field(default_factory=itertools.count)
    problems: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    async def command(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def listen(self) -> None:
        async for frame in self.socket:
            self._read(json.loads(frame.data))

    def _read(self, message: Any) -> None:
        match message:
            case {"id": number, "error": error} if number in self.answers:
                self.answers.pop(number).set_exception(Failed(str(error)))
            case {"id": number, "result": result} if number in self.answers:
                self.answers.pop(number).set_result(result)
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                said = details.get("exception", {}).get("description", details["text"])
                self.problems.append(said)
            case {"method": "Log.entryAdded", "params": {"entry": {"level": "error", **entry}}}:
                self.problems.append(f"{entry['text']} {entry.get('url', '')}")
            case {"method": "Network.requestWillBeSent", "params": {"request": request}}:
                self.requests.append(request["url"])

    async def size(self, width: int, height: int, *, phone: bool = False) -> None:
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        await self.command("Emulation.setTouchEmulationEnabled", enabled=phone)

    async def open(self, url: str) -> None:
        await self.command("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def evaluate(self, expression: str) -> Any:
        answer = await self.command(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise Failed(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    async def until(self, claim: str) -> None:
        """Wait until a JavaScript claim holds.

        Raises:
            Failed: it does not within PATIENCE.
        """
        watch = (
            "new Promise((done) => { const began = Date.now(); const look = () => {"
            f" let held = false; try {{ held = Boolean({claim}); }} catch (error) {{}}"
            f" if (held || Date.now() - began > {PATIENCE * 800}) done(held);"
            " else setTimeout(look, 20); }; look(); })"
        )
        for _ in range(5):  # a page that is left takes its promise along
            try:
                if await self.evaluate(watch):
                    return
            except Failed as error:
                if "navigated" not in str(error) and "context" not in str(error).lower():
                    raise
                continue
            break
        raise Failed(f"never came true: {claim}\n{await self.evaluate('document.body.innerText')}")

    async def click(self, element: str) -> None:
        """Press an element (a JavaScript expression) with the mouse, where it can be seen.

        Raises:
            Failed: it is not there, or something lies over it.
        """
        await self.until(f"({element}).getBoundingClientRect().width > 0")
        spot = await self.evaluate(
            f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'nearest'}});"
            " const box = e.getBoundingClientRect();"
            " const x = box.x + box.width / 2, y = box.y + box.height / 2;"
            " const top = document.elementFromPoint(x, y);"
            " return e.contains(top) ? [x, y] : `under ${top && top.outerHTML.slice(0, 90)}`; })()"
        )
        if isinstance(spot, str):
            raise Failed(f"{element} can't be pressed: {spot}")
        x, y = spot
        for kind in ("mousePressed", "mouseReleased"):
            await self.command(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        await self.command("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32, "ArrowRight": 39}
        text = {"Enter": "\r", " ": " "}.get(key)  # without it, a button is not pressed
        for kind in ("rawKeyDown", *(["char"] if text else []), "keyUp"):
            typed = {"text": text} if kind == "char" else {}
            await self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=codes[key],
                **typed,
            )

    async def choose_file(self, selector: str, file: Path) -> None:
        document = await self.command("DOM.getDocument")
        node = await self.command(
            "DOM.querySelector", nodeId=document["root"]["nodeId"], selector=selector
        )
        await self.command("DOM.setFileInputFiles", files=[str(file)], nodeId=node["nodeId"])

    async def offline(self, away: bool) -> None:
        await self.command(
            "Network.emulateNetworkConditions",
            offline=away,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    async def screenshot(self, file: Path) -> None:
        picture = await self.command("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(picture["data"]))


@asynccontextmanager
async def chromium(program: str, profile: Path) -> AsyncIterator[Tab]:
    """Run Chromium with an empty profile while the block runs, and give its one tab."""
    process = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name not in CLOCK},
    )
    try:
        port = await _port(process)
        async with aiohttp.ClientSession() as web:
            async with web.get(f"http://127.0.0.1:{port}/json/list") as answer:
                page = next(one for one in await answer.json() if one["type"] == "page")
            async with web.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                tab = Tab(socket)
                listener = asyncio.create_task(tab.listen())
                for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
                    await tab.command(f"{domain}.enable")
                yield tab
                listener.cancel()
    finally:
        process.terminate()
        await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> int:
    """The port that Chromium says it listens on."""
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            if b"DevTools listening on ws://" in line:
                return int(line.split(b"127.0.0.1:")[1].split(b"/")[0])
    raise Failed("Chromium ended before it listened")
