"""A wire that can be cut, and held: a TCP forwarder on loopback, between the product and a server.

    with Wire(host, port) as wire:           # the product is told wire.port
        with wire.hold(lambda passage: "sendMessage" in passage.words) as hold:
            hold.wait()                      # it came, and waits here; others pass
        # leaving the block drops what was held: it never arrives

What is held stays in the wire, so whoever sent it can be killed at exactly that point.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

PATIENCE = 40.0  # seconds until something that is waited for must have come
REMEMBERED = 40  # passages that went by, to be told when a wait was in vain


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of what goes over the wire, let through or held as a whole."""

    raw: bytes
    words: str  # what it says, as far as it is understood
    answer: bool  # from the server
    ends: tuple[str, ...] | None = None  # the statements of the transaction that it ends, if any


class Talk(Protocol):
    """One connection: takes its bytes apart into passages, each way for itself."""

    def asked(self, data: bytes) -> Iterable[Passage]:
        """What comes from the client."""

    def answered(self, data: bytes) -> Iterable[Passage]:
        """What comes from the server."""


class Bytes:
    """Bytes as they come: enough for requests that are written at one go."""

    def asked(self, data: bytes) -> Iterable[Passage]:
        return (Passage(data, data.decode("latin-1"), answer=False),)

    def answered(self, data: bytes) -> Iterable[Passage]:
        return (Passage(data, data.decode("latin-1"), answer=True),)


class Hold:
    """What is to be held: each connection over which such a passage comes stands still there."""

    def __init__(self, wire: Wire, wanted: Callable[[Passage], bool]) -> None:
        self.caught: list[Passage] = []
        self._wire, self._wanted = wire, wanted
        self._caught = threading.Event()
        self._ended = asyncio.Event()
        self._dropped = False

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()

    def wait(self) -> Passage:
        """Wait until something is held; gives the first of it."""
        if not self._caught.wait(PATIENCE):
            went_by = "\n".join(list(self._wire.remembered))
            raise AssertionError(f"nothing came that is to be held, only\n{went_by}")
        return self.caught[0]

    def release(self) -> None:
        """Let it through, and all that comes after it."""
        self._wire.end(self)

    def drop(self) -> None:
        """Break the connections that are held, so that nothing of it arrives."""
        self._dropped = True
        self._wire.end(self)

    # In the wire's thread.

    def wants(self, passage: Passage) -> bool:
        return not self._ended.is_set() and self._wanted(passage)

    async def keep(self, passage: Passage) -> bool:
        """Keep it until the hold ends; whether it may go on."""
        self.caught.append(passage)
        self._caught.set()
        await self._ended.wait()
        return not self._dropped

    def end(self) -> None:
        self._ended.set()


class Wire:
    """Forwards a port of its own to a server's; once `cut`, it breaks and refuses connections."""

    def __init__(self, host: str, port: int, talk: Callable[[], Talk] = Bytes) -> None:
        self._to = (host, port)
        self._talk = talk
        self._whole = True
        self._holds: list[Hold] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.remembered: deque[str] = deque(maxlen=REMEMBERED)
        self.port = 0

    def __enter__(self) -> Wire:
        self._thread.start()
        self._server = self._wait(asyncio.start_server(self._forward, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._whole = False
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def cut(self) -> None:
        """Break it."""
        self._whole = False

        async def close() -> None:
            for writer in list(self._writers):
                writer.transport.abort()

        self._wait(close())

    def mend(self) -> None:
        """Make it whole again."""
        self._whole = True

    def lead_to(self, host: str, port: int) -> None:
        """Let new connections lead elsewhere: the server was started anew."""
        self._to = (host, port)

    def hold(self, wanted: Callable[[Passage], bool]) -> Hold:
        """Hold from now on whatever is `wanted`, until the hold is released or dropped."""
        hold = Hold(self, wanted)
        self._holds.append(hold)
        return hold

    def end(self, hold: Hold) -> None:
        """No longer hold it."""

        async def over() -> None:
            if hold in self._holds:
                self._holds.remove(hold)
            hold.end()

        self._wait(over())

    async def _end(self) -> None:
        self._server.close()
        for hold in self._holds:
            hold.end()
        for writer in list(self._writers):
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        talk = self._talk()
        self._writers |= {writer, there_writer}
        await asyncio.gather(
            self._pump(reader, there_writer, talk.asked),
            self._pump(there_reader, writer, talk.answered),
        )
        self._writers -= {writer, there_writer}

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        parts: Callable[[bytes], Iterable[Passage]],
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                for passage in parts(data):
                    if writer.is_closing():
                        return
                    if not await self._may_pass(passage, writer):
                        writer.transport.abort()
                        return
                    writer.write(passage.raw)
                await writer.drain()
        writer.close()

    async def _may_pass(self, passage: Passage, writer: asyncio.StreamWriter) -> bool:
        if passage.words:
            self.remembered.append(("< " if passage.answer else "> ") + passage.words[:300])
        for hold in list(self._holds):
            if hold.wants(passage):
                await writer.drain()  # what came before it arrives
                return await hold.keep(passage)
        return True
