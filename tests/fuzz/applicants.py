"""Owners who go on applying while the fuzz runs: they must hear every answer, as on a quiet day.

What they leave behind (cases, offers, visits) is what forged ids and acts then hit.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from tests.faults.owners import SCRIPT, Golden, Owner
from tests.providers.bot_api import FakeBotApi

FIRST: Final = 5001  # the first one's chat
AT_ONCE: Final = 2
PATIENCE: Final = 60.0  # seconds for one answer; the machine is shared
THINKING: Final = 0.3  # seconds before each step


@dataclass(slots=True)
class Applicants:
    """A few people at a time, one case each; `done` is told each chat that is through."""

    telegram: FakeBotApi
    done: Callable[[int], None]
    over: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST))
    _lives: list[Future[None]] = field(default_factory=list)

    def go_first(self) -> None:
        """Let one of them go all the way while nothing is wrong."""
        self.telegram.spawn(self._apply()).result(len(SCRIPT) * PATIENCE)

    def start(self) -> None:
        """Let a few of them apply, again and again, until it is over."""
        self._lives = [self.telegram.spawn(self._live()) for _ in range(AT_ONCE)]

    def finish(self) -> list[str]:
        """Let those on their way take their last step; gives who waited in vain."""
        self.over = True
        failed = [life.exception(2 * PATIENCE) for life in self._lives]
        for error in filter(None, failed):
            print(error, file=sys.stderr)  # with the chat as they saw it
        return [str(error).partition("\n")[0] for error in failed if error is not None]

    async def _live(self) -> None:
        while not self.over:
            await self._apply()

    async def _apply(self) -> None:
        owner = Owner(self.telegram, next(self._numbers), Golden())
        while owner.step < len(SCRIPT) and not self.over:
            await asyncio.sleep(THINKING)
            before = len(owner.person.bubbles)
            owner.act()
            await _answered(owner, before)
        self.done(owner.person.id)


async def _answered(owner: Owner, before: int) -> None:
    """Wait for an answer that the next step can follow: one with its button, if it is a tap.

    Raises:
        AssertionError: none comes.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while len(owner.person.bubbles) == before or not _can_go_on(owner):
        try:
            await owner.person.heard(until - loop.time())
        except TimeoutError:
            why = f"{owner.person.name} waited {PATIENCE:.0f} s after step {owner.step}"
            raise AssertionError(f"{why}\n{owner.person.chat}") from None


def _can_go_on(owner: Owner) -> bool:
    kind, value = SCRIPT[owner.step] if owner.step < len(SCRIPT) else ("", "")
    keys = [key.data or "" for row in owner.person.last.buttons for key in row]
    return kind != "tap" or any(value in {"", key.rpartition("|")[2]} for key in keys)
